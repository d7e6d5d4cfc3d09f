"""What a flood of sign-ins meets: a closed door before it costs a statement or a hash."""

import asyncio

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import passwords
from portal.http import forms
from portal.models.audit import AuditEvent
from portal.models.identity import Throttle
from tests import factories
from tests.posting import browser, fill, problems, quick

PASSWORD = "garden-kettle-9"
ANA = "ana.rivera@example.com"


def test_a_sign_in_too_many_is_turned_away_uncounted(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(db, email=ANA, password_hash=passwords.hash_of(PASSWORD))
    monkeypatch.setattr(forms, "_places", asyncio.BoundedSemaphore(1))
    client = browser()
    asyncio.run(forms._places.acquire())
    answer = fill(client, "/sign-in", email=ANA, password=PASSWORD)
    assert answer.status_code == 503
    assert problems(answer) == [
        "Many people are signing in right now. Nothing was done. Try again in a minute."
    ]
    assert f'value="{ANA}"' in answer.text
    with Session(database) as db:
        assert db.exec(select(Throttle)).all() == []
        assert db.exec(select(AuditEvent)).all() == []
    forms._places.release()
    assert fill(client, "/sign-in", email=ANA, password=PASSWORD).status_code == 303
