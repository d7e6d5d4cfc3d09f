"""Every handler as every role with hostile arguments: no failure, no stranger's data, no write.

The handlers are those of the framework's own registry, so that a new one is in here by itself.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from reflex_base.registry import RegistrationContext
from sqlalchemy import Engine, text
from sqlmodel import Session, SQLModel

from portal.domain.identity import limits
from portal.domain.identity.permission import Permission
from portal.kit import db as kit_db
from portal.kit.db import transaction
from portal.models.accounts import Announcement
from portal.models.exchange import ContactRequest, ImportRun
from portal.models.identity import User
from portal.models.outbox import Mail
from portal.models.payments import Cart, CartItem, Payment, PaymentItem, StaffTask
from portal.state.base import PortalState
from tests import databases, factories
from tests.architecture.app import handlers
from tests.state.drive import sign_in, state_of

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
# Strangers first: what the last of them may change would be missing for the others.
ROLES = ("anonymous", "other", "viewer", "resident", "administrator")
MAY = {
    Permission.PUBLIC: set(ROLES),
    Permission.RESIDENT: {"resident", "other"},
    Permission.STAFF: {"viewer", "administrator"},
    Permission.ADMINISTRATOR: {"administrator"},
}
# What a look leaves behind: the note that somebody looked, and when the session was last seen.
NOTES = {"audit_event", "user_session", "throttle"}
# Words that stand on one household's screens and nowhere else. Staff see them, strangers do not.
SECRETS = ("zz-owner@example.org", "ZORRILLA", "77 Zephyr Ct", "ZZBILL", "00977001", "zz-note")
# A confidential customer's payer: an administrator's to see, not a viewer's.
HIDDEN = ("yy-hidden@example.org", "YNGLING", "88 Yarrow Ln")


@dataclass(frozen=True)
class Town:
    """A household with something of every kind, a stranger, staff."""

    people: dict[str, User]
    sessions: dict[str, str]
    claims: tuple[str, ...]
    engine: Engine


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    before = list(kit_db._current)
    with databases.fresh() as engine:
        kit_db.bind(engine)
        try:
            with transaction() as session:
                people, claims = _people(session)
            sessions = {
                role: sign_in(user, second_factor=role in ("viewer", "administrator"))
                for role, user in people.items()
            }
            yield Town(people, sessions | {"anonymous": ""}, claims, engine)
        finally:
            kit_db._current[:] = before


def _people(session: Session) -> tuple[dict[str, User], tuple[str, ...]]:
    owner, claims = _household(
        session, "zz-owner@example.org", "ZORRILLA, ZOE", "77 Zephyr Ct", "977001", "ZZBILL"
    )
    _household(
        session, "yy-hidden@example.org", "YNGLING, YANA", "88 Yarrow Ln", "988001", "YYBILL",
        confidential=True,
    )  # fmt: skip
    people = {"resident": owner, "other": factories.user(session)}
    for role in ("viewer", "administrator"):
        people[role] = factories.user(session, role=role)
    return people, claims


def _household(
    session: Session, email: str, name: str, street: str, number: str, bill_no: str, **payer: Any
) -> tuple[User, tuple[str, ...]]:
    place = factories.account(session, account_no=f"00{number}", service_address=street)
    customer = factories.customer(session, name1=name, addr1=street, **payer)
    factories.tenure(session, place, customer)
    factories.service(session, place, customer)
    factories.meter(session, place)
    user = factories.user(session, email=email, last_name=name.split(",")[0])
    link = factories.link(session, user, place, customer)
    bill = factories.bill(session, place, customer, bill_no=bill_no)
    cart = Cart(user_id=user.id, status="open")
    session.add(cart)
    session.flush()
    session.add(CartItem(cart_id=cart.id, bill_id=bill.id, amount_cents=500))
    payment = Payment(
        cart_id=cart.id, user_id=user.id, amount_cents=500, idempotency_key=str(uuid4()),
        status="succeeded", expires_at=NOW, effective_date=date(2027, 1, 26),
        business_date=date(2027, 1, 27), payer_name=name, receipt_email=email,
    )  # fmt: skip
    session.add(payment)
    session.flush()
    session.add(
        PaymentItem(
            payment_id=payment.id, seq=1, bill_id=bill.id, amount_cents=500,
            portal_payment_id=f"{number}-1",
        )
    )  # fmt: skip
    rows = [
        StaffTask(kind="excess", reference=f"x:{number}", detail="too much"),
        Mail(
            kind="x", to_address=email, user_id=user.id, subject="zz-note", text_body="zz-note",
            html_body="zz-note", status="failed",
        ),
        Announcement(title_en="T", body_en="<p>B</p>", starts_at=NOW),
        ContactRequest(
            reference=f"R-{number}", account_id=place.id, customer_id=customer.id,
            user_id=user.id, fields={"addr1": ["1 A ST", street]}, requested_at=NOW,
        ),
        ImportRun(kind="exchange", source_name=f"n{number}", status="refused", started_at=NOW,
                  finished_at=NOW),
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    known = [place, customer, user, link, bill, cart, payment, *rows]
    return user, tuple(str(row.id) for row in known)


def _hostile(claims: tuple[str, ...]) -> list[tuple[tuple[Any, ...], str]]:
    """Return arguments (of one to two values), each with what stands in the page's address."""
    odd = "a\x00b", "a\ud800b", "9" * 5000, "x" * 9_999, "-1", "' OR 1=1 --", "{}", "%00"
    everything = "&".join(
        f"{name}={{0}}"
        for name in ("account", "id", "q", "page", "status", "begin", "end", "grouping", "service",
                     "show", "remove", "new", "done")
    )  # fmt: skip
    found: list[tuple[tuple[Any, ...], str]] = [((), "")]
    found += [((claim,), everything.format(claim)) for claim in (*claims, str(uuid4()))]
    for word in odd:
        form = dict.fromkeys(_FIELDS, word) | {
            f"bill-{word[:40]}": "on",
            f"amount-{word[:40]}": "1",
        }
        address = everything.format(word[:300])
        found += [((word,), address), ((form,), address), ((word, word), address)]
    for value in (None, True, -1, 2**70, 1.5, [], ["x"], {}, {"a": 1}, {"a": {"b": []}}, [[]]):
        found += [((value,), ""), ((value, value), "")]
    form = dict.fromkeys(_FIELDS, claims[4]) | {f"bill-{claims[4]}": "on"}
    found.append(((form,), f"account={claims[0]}"))
    found.append(
        ((form | {f"amount-{claims[4]}": "-5.00"},), f"account={claims[0]}&id={claims[4]}")
    )
    found.append((("x",) * 7, ""))
    return found


_FIELDS = (
    "account_no", "cid", "amount", "threshold", "email_1", "email_2", "email_3", "suspend", "way",
    "consent", "addr1", "addr2", "city", "state", "zip", "note", "begin", "end", "grouping", "q",
    "id", "reason", "title_en", "body_en", "title_es", "body_es", "starts", "ends", "remember",
)  # fmt: skip


def _registered() -> list[tuple[str, Any, str]]:
    """Return (list name, State, handler name) of every handler of ours."""
    found = []
    for name, function in sorted(handlers().items()):
        if getattr(function, "__permission__", None) is not None:
            _, module, state, act = name.split(".")
            kinds = [k for k in PortalState.get_substates() if k.__name__ == state]
            found.append((f"{module}.{state}.{act}", kinds[0], act))
    return found


@pytest.fixture
def loud(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(limits, "LINK_ANSWER_AFTER", timedelta(milliseconds=1))
    return caplog


def _rows(engine: Engine) -> dict[str, tuple[int, str]]:
    """Return, for every table, how many rows it holds and what their text hashes to."""
    names = [name for name in SQLModel.metadata.tables if name.rpartition(".")[2] not in NOTES]
    each = " UNION ALL ".join(
        f"SELECT '{name}', count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
        f" FROM {name} AS t"
        for name in names
    )
    with engine.connect() as connection:
        return {name: (n, mark) for name, n, mark in connection.execute(text(each))}


async def _call(town: Town, kind: Any, act: str, role: str, args: Any, query: str) -> str:
    """Run one handler; return everything that a browser would be sent of its State."""
    address = "/x?" + quote(query, safe="=&", errors="surrogatepass") if query else "/x"
    state = await state_of(kind, session_hash=town.sessions[role], url=address)
    root = state._get_root_state()
    root.get_delta()
    returned = await kind.event_handlers[act].fn(state, *args)
    return repr(root.get_delta()) + repr(getattr(returned, "args", returned))


@pytest.mark.parametrize("handler", _registered(), ids=lambda found: found[0])
@pytest.mark.parametrize("role", ROLES)
async def test_no_handler_fails_leaks_or_writes_for_strangers(
    town: Town, loud: pytest.LogCaptureFixture, handler: tuple[str, Any, str], role: str
) -> None:
    name, kind, act = handler
    need = kind.event_handlers[act].fn.__permission__
    before = _rows(town.engine)
    answers = [
        (args, await _call(town, kind, act, role, args, query))
        for args, query in _hostile(town.claims)
    ]
    failed = [record.exc_text or record.getMessage() for record in loud.records
              if record.levelno >= logging.ERROR]  # fmt: skip
    assert failed == []
    if role not in MAY[need]:
        assert _rows(town.engine) == before
    for args, sent in answers:
        kept = SECRETS if role in ("anonymous", "other") else ()
        hidden = HIDDEN if role in ("anonymous", "other", "resident", "viewer") else ()
        given = repr(args)
        leaked = [word for word in (*kept, *hidden) if word in sent and word not in given]
        assert leaked == [], (name, args)


def test_the_matrix_covers_the_registry() -> None:
    ours = [
        one
        for one in RegistrationContext.get().event_handlers.values()
        if getattr(one.handler.fn, "__permission__", None)
        and "portal." in one.handler.fn.__module__
    ]
    assert len(_registered()) >= 45
    assert len(ours) >= len(_registered())
    assert asyncio.iscoroutinefunction(_registered()[0][1].event_handlers[_registered()[0][2]].fn)
