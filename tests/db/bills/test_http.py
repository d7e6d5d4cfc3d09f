"""/documents/bill by plain HTTP: the payer's alone, never cached, the city's own print too."""

from hashlib import sha256

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.applications import Starlette

from portal.config import settings
from portal.domain.exchange.images import stored_path
from portal.domain.identity import limits, sessions
from portal.http.documents import routes
from portal.http.request import COOKIE
from portal.kit.clock import utc_now
from portal.kit.ids import new_id
from portal.models.exchange import BillImage
from portal.models.identity import User
from tests import factories


async def ask(path: str, user: User | None, engine: Engine) -> httpx.Response:
    """GET `path` with a new session of `user`, or as nobody."""
    headers = {}
    if user is not None:
        with Session(engine, expire_on_commit=False) as session:
            secret = sessions.create(session, user, False, "192.0.2.1", "test", utc_now())
            session.commit()
        headers = {"cookie": f"{COOKIE}={secret}"}
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
        return await client.get(path, headers=headers)


@pytest.fixture
def town(database: Engine) -> tuple[User, User, str]:
    """Return the payer, a stranger, and the id of a bill that has the city's own print."""
    print_of_city = b"%PDF-1.4 the city's own print"
    mark = sha256(print_of_city).hexdigest()
    kept = stored_path(settings().data_dir, mark)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(print_of_city)
    with Session(database, expire_on_commit=False) as session:
        owner, account, payer = factories.household(session)
        stranger, _, _ = factories.household(session)
        bill = factories.bill(session, account, payer, image_name="2027-60-98465.pdf")
        session.add(BillImage(name="2027-60-98465.pdf", sha256=mark))
        session.commit()
        return owner, stranger, str(bill.id)


async def test_the_payer_gets_the_bill_and_no_cache_keeps_it(
    town: tuple[User, User, str], database: Engine
) -> None:
    owner, _, bill = town
    answer = await ask(f"/documents/bill?id={bill}", owner, database)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert b"city's own print" not in answer.content
    image = await ask(f"/documents/bill?id={bill}&image=1", owner, database)
    assert image.content == b"%PDF-1.4 the city's own print"
    assert image.headers["cache-control"] == "private, no-store"


async def test_foreign_unknown_and_nobody_get_the_same_answer(
    town: tuple[User, User, str], database: Engine
) -> None:
    _, stranger, bill = town
    seen = set()
    for who in (stranger, None):
        for claim in (bill, str(new_id()), "../../etc/passwd", ""):
            for image in ("", "&image=1"):
                answer = await ask(f"/documents/bill?id={claim}{image}", who, database)
                seen.add((answer.status_code, answer.text, answer.headers["cache-control"]))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 404


async def test_so_many_files_an_hour_and_no_more_of_anybody(
    town: tuple[User, User, str], database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.DOCUMENTS_AN_HOUR == 1_000
    monkeypatch.setattr(limits, "DOCUMENTS_AN_HOUR", 2)
    owner, stranger, bill = town
    paths = (f"/documents/bill?id={bill}", "/documents/activity", "/documents/accounts")
    answers = [await ask(path, owner, database) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Try again in an hour" in answers[-1].text
    assert answers[-1].headers["retry-after"] == "3600"
    # Another one's are counted apart, and nobody's not at all: there is nothing for them.
    assert (await ask(paths[2], stranger, database)).status_code == 200
    for _ in range(3):
        assert (await ask(paths[0], None, database)).status_code == 404
