"""Every form that takes an address: one answer for each of them, in words, status and time.

Time is held by a pace (answers leave after whole multiples of a quarter second) and by doing the
same work before it: so the paces and the slow hashes are counted here, and no clock is read.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import limits, mail_tokens, passwords
from portal.http import forms
from portal.http.request import COOKIE
from portal.kit import pace
from portal.kit.clock import utc_now
from portal.models.identity import MailToken, User, UserSession
from tests import factories
from tests.posting import browser, fill, quick

PASSWORD = "garden-kettle-9-lantern"
KINDS = {
    "active": {},
    "unverified": {"status": "unverified", "activated_at": None},
    "closed": {"status": "closed"},
    "staff": {"role": "viewer"},
}
FORMS = [
    ("/sign-up", {"password": PASSWORD, "first_name": "A", "last_name": "B"}),
    ("/forgot-password", {}),
    ("/unlock-account", {}),
    ("/sign-in", {"password": "not the password at all"}),
    ("/activate", {"code": "000000"}),
    ("/reset-password", {"code": "000000"}),
    ("/unlock-account", {"code": "000000"}),
]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return what the slow steps were, as they happen: each hash, and the span of each pace."""
    quick(monkeypatch)
    done: list[object] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            done.append(name)
            return call(*arguments)

        return run

    monkeypatch.setattr(passwords, "hash_of", counted("hash", passwords.hash_of))
    monkeypatch.setattr(passwords, "matches", counted("hash", passwords.matches))

    def rest(_spent: float, span: float) -> float:
        done.append(span)
        return 0

    monkeypatch.setattr(pace, "rest", rest)
    return done


@pytest.fixture
def town(database: Engine) -> list[str]:
    """Return an address of every kind, one that nobody has among them."""
    with Session(database) as db, db.begin():
        for name, fields in KINDS.items():
            factories.user(
                db, email=f"{name}@example.org", password_hash=passwords.hash_of("another one!"),
                **fields,
            )  # fmt: skip
    return [*(f"{name}@example.org" for name in KINDS), "nobody@example.org"]


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_every_address_gets_the_same_words_status_and_work(
    town: list[str], work: list[object], path: str, fields: dict[str, str]
) -> None:
    answers, works = set(), set()
    for email in town:
        work.clear()
        got = fill(browser(), path, email=email, **fields)
        words = re.sub(r'value="[^"]*"', "", got.text).replace(email, "")
        answers.add((got.status_code, got.headers.get("location"), words))
        works.add(tuple(work))
    assert len(answers) == 1
    (slow,) = works
    assert slow.count(limits.ANSWER_AFTER.total_seconds()) == 1
    assert slow.count("hash") == (1 if "password" in fields else 0)


OPENINGS: list[tuple[str, dict[str, str]]] = [
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"purpose": "prefetch", "sec-purpose": "prefetch;prerender"}),
    ("GET", {"user-agent": "Mozilla/5.0 (compatible; LinkScanner/1.0)", "cookie": ""}),
]


@pytest.mark.parametrize("purpose", ["activate", "reset", "unlock"])
def test_scanners_prefetch_and_double_clicks_use_nothing_and_sign_nobody_in(
    database: Engine, work: list[object], purpose: str
) -> None:
    unproven = {"status": "unverified"} if purpose == "activate" else {}
    with Session(database, expire_on_commit=False) as db, db.begin():
        user = factories.user(db, email="ana@example.org", **unproven)
        secret = mail_tokens.issue(db, user, purpose, utc_now()).secret
    path = {"reset": "/reset-password", "unlock": "/unlock-account"}.get(purpose, "/activate")
    scanner = browser()
    for method, headers in OPENINGS * 2:
        seen = scanner.request(
            method, f"{path}?token={secret}", headers=headers, follow_redirects=True
        )
        assert secret not in str(seen.url)
        assert secret not in seen.text
    assert COOKIE not in scanner.cookies
    with Session(database) as db:
        (token,) = db.exec(select(MailToken)).all()
        assert (token.used_at, token.superseded_at) == (None, None)
        assert db.exec(select(UserSession)).all() == []
        assert db.exec(select(User.status)).one() == ("unverified" if unproven else "active")

    reader = browser()
    reader.get(f"{path}?token={secret}")
    fields = {"reset": {"password": PASSWORD}, "unlock": {"act": "unlock"}}.get(purpose, {})
    assert fill(reader, path, **fields).status_code == 303
    assert COOKIE not in reader.cookies  # the button signs nobody in either
    # Once: the same post again, and another browser's, are refused.
    reader.get(f"{path}?token={secret}")
    if purpose == "reset":  # the page says so itself, and has no form
        late = reader.get(path)
        assert (late.status_code, 'type="password"' in late.text) == (422, False)
    else:
        assert fill(reader, path, **fields).status_code == 422
    with Session(database) as db:
        assert db.exec(select(UserSession)).all() == []


def test_the_promised_numbers_of_mailed_links() -> None:
    life = {name: span.total_seconds() / 60 for name, span in mail_tokens.LIFE.items()}
    assert (life["activate"], life["reset"], life["unlock"]) == (24 * 60, 30, 30)
    assert (limits.MAILS_A_DAY, limits.CODE_DIGITS, limits.WRONG_CODES) == (5, 6, 5)
    assert limits.WRONG_PASSWORDS == 5
    assert limits.LOCK_FIRST.total_seconds() == 15 * 60
    assert limits.LOCK_LONGEST.total_seconds() == 24 * 3600
    assert forms.paced is pace.paced
