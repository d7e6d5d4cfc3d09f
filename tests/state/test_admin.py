"""Staff's handlers as anonymous, resident, viewer and administrator."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select, update

from portal import secret
from portal.gateways import payment_mode
from portal.gateways.payment_mode import Counter, Mode
from portal.kit.clock import utc_now
from portal.kit.db import database_now, transaction
from portal.models.accounts import Announcement
from portal.models.audit import AuditEvent
from portal.models.exchange import ContactRequest
from portal.models.factors import TotpFactor
from portal.models.identity import AccountLink, User, UserSession
from portal.models.outbox import Mail
from portal.models.payments import Payment, StaffTask
from portal.models.settings import EmailChange
from portal.state.admin_announcements import AdminAnnouncementsState
from portal.state.admin_customer import AdminCustomerState
from portal.state.admin_customers import AdminCustomersState
from portal.state.admin_lists import AdminImportsState, AdminOutboxState, AdminPaymentsState
from portal.state.admin_requests import AdminRequestsState
from portal.state.admin_work import AdminWorkState
from tests import factories
from tests.db.payments.shop import Shop
from tests.state.drive import drive, leads_to, run

NOW = datetime(2026, 11, 21, tzinfo=UTC)
People = dict[str, Any]
LOADS: list[tuple[Any, str, str]] = [
    (AdminWorkState, "load", "/admin"),
    (AdminCustomersState, "load", "/admin/customers?q=delgado"),
    (AdminCustomerState, "load_customer", "/admin/customer?id={customer}"),
    (AdminCustomerState, "load_resident", "/admin/resident?id={user}"),
    (AdminPaymentsState, "load", "/admin/payments"),
    (AdminPaymentsState, "load_one", "/admin/payment?id={user}"),
    (AdminImportsState, "load", "/admin/imports"),
    (AdminImportsState, "load_one", "/admin/import?id={user}"),
    (AdminOutboxState, "load", "/admin/outbox"),
    (AdminAnnouncementsState, "load", "/admin/announcements"),
    (AdminRequestsState, "load", "/admin/requests"),
]
ACTS: list[tuple[Any, str, str]] = [
    (AdminWorkState, "finish", "{task}"),
    (AdminCustomerState, "resend_activation", "{waiting}"),
    (AdminCustomerState, "unlock", "{user}"),
    (AdminCustomerState, "confirm_old_mailbox", "{user}"),
    (AdminCustomerState, "remove_factors", "{user}"),
    (AdminCustomerState, "unlink", "{link}"),
    (AdminOutboxState, "retry", "{mail}"),
    (AdminAnnouncementsState, "end", "{announcement}"),
    (AdminRequestsState, "approve", "{request}"),
]


@pytest.fixture
def people(database: Engine) -> People:
    with transaction() as session:
        return _people(session)


def _people(session: Session) -> People:
    made: People = {}
    for role in ("resident", "viewer", "administrator"):
        made[role] = User(email=f"{role}@example.org", first_name="Ann", role=role, status="active")
        session.add(made[role])
    waiting = User(email="new@example.org", first_name="Nia")
    session.add(waiting)
    place = factories.account(session, account_no="28624")
    payer = factories.customer(session, cid="405583", name1="DELGADO, MARIA")
    factories.tenure(session, place, payer)
    session.flush()
    link = AccountLink(user_id=made["resident"].id, account_id=place.id, customer_id=payer.id)
    task = StaffTask(kind="excess", reference="x:1", detail="too much")
    mail = Mail(
        kind="x", to_address="a@b.example", subject="s", text_body="SECRET", html_body="SECRET",
        status="failed",
    )  # fmt: skip
    said = Announcement(
        title_en="T", body_en="<p>B</p>", starts_at=made["viewer"].created_at or NOW
    )
    asked = ContactRequest(
        reference="R-1", account_id=place.id, customer_id=payer.id, user_id=made["resident"].id,
        fields={"addr1": ["1 A ST", "2 B ST"]}, requested_at=NOW,
    )  # fmt: skip
    moving = EmailChange(
        user_id=made["resident"].id, old_email="resident@example.org", new_email="n@example.org",
        new_hash="n", old_hash="o", session_hash="", asked_at=utc_now(),
        expires_at=utc_now() + timedelta(hours=1),
    )  # fmt: skip
    app = TotpFactor(user_id=made["resident"].id, seed_encrypted=b"sealed", confirmed_at=NOW)
    for row in (link, task, mail, said, asked, moving, app):
        session.add(row)
    session.flush()
    ids = {"customer": payer, "user": made["resident"], "waiting": waiting, "link": link}
    ids |= {"task": task, "mail": mail, "announcement": said, "request": asked}
    made["ids"] = {name: str(row.id) for name, row in ids.items()}
    return made


@pytest.mark.parametrize(("kind", "name", "url"), LOADS)
@pytest.mark.parametrize("who", [None, "resident"])
async def test_nobody_else_gets_in(
    people: People, kind: Any, name: str, url: str, who: str | None
) -> None:
    asked = url.format(**people["ids"])
    state = await drive(kind, name, as_=people.get(who or ""), url=asked)
    assert leads_to(state._returned).startswith("/admin/sign-in?next=")
    assert state.loaded_at == ""


@pytest.mark.parametrize(("kind", "name", "url"), LOADS)
async def test_staff_without_the_second_factor_do_not_get_in(
    people: People, kind: Any, name: str, url: str
) -> None:
    asked = url.format(**people["ids"])
    state = await drive(kind, name, as_=people["administrator"], second_factor=False, url=asked)
    assert leads_to(state._returned).startswith("/admin/sign-in?next=")


@pytest.mark.parametrize(("kind", "name", "url"), LOADS)
async def test_viewers_read(people: People, kind: Any, name: str, url: str) -> None:
    state = await drive(kind, name, as_=people["viewer"], url=url.format(**people["ids"]))
    assert leads_to(state._returned) == ""
    if name == "load_one":  # a user's id is neither a payment nor an import
        assert state.problems[0].sentence.startswith("No ")
    else:
        assert (state.missing, state.problems) == (False, [])
        assert state.loaded_at == url.format(**people["ids"])


@pytest.mark.parametrize(("kind", "name", "claim"), ACTS)
@pytest.mark.parametrize("who", [None, "resident", "viewer"])
async def test_only_administrators_act(
    people: People, kind: Any, name: str, claim: str, who: str | None
) -> None:
    state = await drive(
        kind, name, claim.format(**people["ids"]), as_=people.get(who or ""), url="/admin"
    )
    assert leads_to(state._returned).startswith("/admin/sign-in?next=")
    with transaction() as session:
        acts = [event.act for event in session.exec(select(AuditEvent)).all()]
    assert [act for act in acts if act.startswith(("staff.", "user."))] == []


@pytest.mark.parametrize(("kind", "name", "claim"), ACTS)
async def test_administrators_act(people: People, kind: Any, name: str, claim: str) -> None:
    url = f"/admin/resident?id={people['ids']['user']}" if kind is AdminCustomerState else "/admin"
    state = await drive(
        kind, name, claim.format(**people["ids"]), as_=people["administrator"], url=url
    )
    assert state.problems == []
    assert state.notice != ""
    with transaction() as session:
        acts = [event.act for event in session.exec(select(AuditEvent)).all()]
    assert any(act.startswith(("staff.", "user.resend", "request.")) for act in acts)


async def test_an_administrator_removes_a_second_step_after_a_fresh_sign_in(
    people: People,
) -> None:
    who, url = people["ids"]["user"], f"/admin/resident?id={people['ids']['user']}"
    state = await drive(AdminCustomerState, "load_resident", as_=people["administrator"], url=url)
    assert [card.second_step for card in state.sign_ins] == ["Authenticator app"]
    with transaction() as session:
        session.exec(update(UserSession).values(authenticated_at=NOW - timedelta(days=1)))
    target = leads_to(await run(state, "remove_factors", who))
    assert target.startswith("/admin/sign-in?next=%2Fadmin%2Fresident")
    assert target.endswith("&done=again")
    with transaction() as session:
        assert len(session.exec(select(TotpFactor)).all()) == 1
        session.exec(update(UserSession).values(authenticated_at=utc_now()))
    await run(state, "remove_factors", who)
    assert [card.second_step for card in state.sign_ins] == [""]
    assert state.notice == "resident@example.org has no second step and no password now."


@pytest.mark.parametrize(("kind", "name", "claim"), ACTS)
async def test_a_strange_id_is_a_sentence(people: People, kind: Any, name: str, claim: str) -> None:
    state = await drive(kind, name, "", as_=people["administrator"], url="/admin")
    for bad in ("nobody", 7, None, ["x"], "0" * 36):
        assert "reference" not in state.problems[-1].sentence
        state.problems = []
        await run(state, name, bad)
        assert len(state.problems) == 1


async def test_search_goes_into_the_url(people: People) -> None:
    state = await drive(
        AdminCustomersState, "search", {"q": " maria o'b "}, as_=people["viewer"], url="/admin"
    )
    path, _, words = leads_to(state._returned).partition("?q=")
    assert (path, secret.reveal(words)) == ("/admin/customers", "maria o'b")
    state = await drive(
        AdminCustomersState, "load", as_=people["viewer"], url="/admin/customers?q=maria"
    )
    assert [row.cid for row in state.rows] == ["405583"]


async def test_no_message_s_text_reaches_the_browser(people: People) -> None:
    state = await drive(AdminOutboxState, "load", as_=people["viewer"], url="/admin/outbox")
    assert state.rows[0].subject == "s"
    assert "SECRET" not in repr(state.rows)


async def test_an_announcement_is_published_and_changed(people: People) -> None:
    form = {"title_en": "Flushing", "body_en": "Run the cold tap.", "starts": "", "ends": ""}
    state = await drive(
        AdminAnnouncementsState,
        "save",
        form,
        as_=people["administrator"],
        url="/admin/announcements",
    )
    assert (state.problems, state.rows[0].title) == ([], "Flushing")
    await run(state, "save", form | {"title_en": " "})
    assert state.problems[0].field == "title_en"
    assert state.draft.body_en == "Run the cold tap."  # what was typed stays


async def test_a_request_is_declined_with_a_reason_alone(people: People) -> None:
    claim = people["ids"]["request"]
    state = await drive(
        AdminRequestsState, "decline", {"id": claim}, as_=people["administrator"], url="/admin"
    )
    assert state.problems[0].field == f"reason-{claim}"
    # The resident reads all of it, or it is not sent.
    await run(state, "decline", {"id": claim, f"reason-{claim}": "x" * 301})
    assert [one.field for one in state.problems] == [f"reason-{claim}"]
    await run(state, "decline", {"id": claim, f"reason-{claim}": "No such street"})
    assert (state.problems, state.rows) == ([], [])


async def test_a_message_that_waits_says_when_it_is_tried_again(people: People) -> None:
    with transaction() as session:
        for mail in session.exec(select(Mail)).all():
            mail.status, mail.attempts = "waiting", 1
            mail.next_try_at = datetime(2027, 1, 26, 19, 17, tzinfo=UTC)
    url = "/admin/outbox?status=waiting"
    state = await drive(AdminOutboxState, "load", as_=people["viewer"], url=url)
    assert [row.status for row in state.rows] == ["Waiting, next try 1/26/2027 11:17"]
    assert not state.may_retry


@pytest.fixture
def counter(database: Engine) -> Iterator[Shop]:
    """Yield a shop whose processor is this process's; its clock is the database's."""
    with transaction() as session:
        shop = Shop(database, database_now(session))
    payment_mode.use(Counter(Mode(payment_mode.DEMO), shop.processor(), "", ""))
    yield shop
    payment_mode.use(None)


def _in_doubt(shop: Shop) -> str:
    ana, bills = shop.household(5000)
    shop.standin.faults.append("lost_reply")
    payment = shop.pay(ana, shop.checkout(ana, bills), 5000).payment_id
    with transaction() as session:
        session.get_one(Payment, payment).created_at = shop.now - timedelta(minutes=2)
    return f"/admin/payment?id={payment}"


@pytest.mark.parametrize("act", ["ask_processor", "end_payment"])
async def test_an_administrator_settles_a_payment_in_doubt(
    people: People, counter: Shop, act: str
) -> None:
    url = _in_doubt(counter)
    for who in ("resident", "viewer"):
        refused = await drive(AdminPaymentsState, act, as_=people[who], url=url)
        assert leads_to(refused._returned).startswith("/admin/sign-in?next=")
    looked = await drive(AdminPaymentsState, "load_one", as_=people["viewer"], url=url)
    assert (looked.one.status, looked.may_ask, looked.may_end) == ("In doubt", False, False)
    admin = people["administrator"]
    looked = await drive(AdminPaymentsState, "load_one", as_=admin, url=url)
    assert (looked.may_ask, looked.may_end) == (True, True)
    state = await drive(AdminPaymentsState, act, as_=admin, url=url)
    assert state.notice == "The processor says: paid. It is booked here."
    assert (state.one.status, state.may_ask, state.may_end) == ("Paid", False, False)
    assert counter.charged() == 5000


async def test_an_administrator_is_told_why_a_payment_cannot_be_settled(people: People) -> None:
    admin = people["administrator"]
    for act in ("ask_processor", "end_payment"):
        state = await drive(AdminPaymentsState, act, as_=admin, url="/admin/payment?id=x")
        assert state.problems[0].sentence == "No payment is known by that address."
