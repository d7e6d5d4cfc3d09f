"""What each screen may ask of the database: so many statements, however much there is to show.

A screen whose statements grow with its rows is quick in a test and slow in a town. The counts
include the question of who is asking. Every registered page is measured: a new one with ids in its
address names them in QUERIES.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import reflex as rx
from sqlalchemy import Engine, event
from sqlmodel import Session

from portal import routes
from portal.domain.accounts.policy import opened
from portal.domain.bills import overview
from portal.kit.clock import utc_now
from portal.kit.db import database_now, transaction
from portal.kit.ids import BillId
from portal.models.accounts import Announcement
from portal.models.exchange import ContactRequest, ImportFault, ImportRun
from portal.models.identity import User
from portal.models.outbox import Mail
from portal.models.payments import StaffTask
from portal.models.usage import MeterDay
from tests import factories
from tests.architecture.app import portal
from tests.db.bills.test_balance import pay
from tests.db.bills.test_screens import read
from tests.db.payments.shop import Shop
from tests.state.drive import run, sign_in, state_of

MOST = 10
# The page that says all of a customer, on one screen.
MORE = {routes.ADMIN_CUSTOMER: 14}
# What a screen is opened with.
QUERIES = {
    routes.BILL: "id={bill}",
    routes.RECEIPT: "id={payment}",
    routes.ADMIN_CUSTOMERS: "q=rivera",
    routes.ADMIN_CUSTOMER: "id={customer}",
    routes.ADMIN_RESIDENT: "id={user}",
    routes.ADMIN_PAYMENT: "id={payment}",
    routes.ADMIN_IMPORT: "id={run}",
}


@dataclass
class Town:
    """A resident with `n` of everything, and the ids that addresses name."""

    resident: User
    ids: dict[str, Any]


def build(engine: Engine, n: int) -> Town:
    """Add a resident with `n` accounts, bills, payments, readings, and `n` of what staff see."""
    now = utc_now()
    shop = Shop(engine, now)
    with transaction() as session:
        shop.now = database_now(session)
        resident, account, payer = factories.household(session)
        _bills(session, n, resident, account, payer)
        payable = []
        for _ in range(n):
            place, customer = factories.account(session), factories.customer(session)
            factories.tenure(session, place, customer)
            factories.link(session, resident, place, customer)
            payable.append(factories.bill(session, place, customer, 5000))
            session.add(
                ContactRequest(
                    reference=f"R-{place.account_no}", account_id=place.id,
                    customer_id=customer.id, user_id=resident.id, fields={"addr1": ["1", "2"]},
                    requested_at=now,
                )
            )  # fmt: skip
        bill = factories.bill(session, account, payer, 7000)
        item = pay(session, resident, bill, 100)
        for _ in range(n):
            pay(session, resident, bill, 100)
        ids = {"account": account.id, "customer": payer.id, "user": resident.id, "bill": bill.id}
        ids |= {"payment": item.payment_id, "run": _staff(session, n, resident)}
    shop.checkout(factories.actor(resident), [BillId(one.id) for one in payable])
    return Town(resident, ids)


def _bills(session: Session, n: int, resident: User, account: Any, payer: Any) -> None:
    today = utc_now().date()
    meter = factories.meter(session, account)
    for back in range(n):
        factories.service(session, account, payer, service_seq=back + 1)
        day = today - timedelta(days=30 * back + 14)
        paid = factories.bill(
            session, account, payer, 100, paid_cents=100, lines={"Water": 60, "Sewer": 40},
            statement_date=day, due_date=day + timedelta(days=27),
        )  # fmt: skip
        read(session, account, paid, day)
        session.add(_day(meter.remote_id, today - timedelta(days=back + 2)))


def _day(feed_id: str, day: date) -> MeterDay:
    return MeterDay(
        feed_id=feed_id, usage_date=day, hours=[10_000] * 24, quality="R" * 24, total=240_000,
        minimum=10_000, maximum=10_000, count=24, stamps=[], origin="." * 24,
    )  # fmt: skip


def _staff(session: Session, n: int, resident: User) -> Any:
    now = utc_now()
    for k in range(n):
        run_ = ImportRun(
            kind="exchange", source_name=f"night-{k}", sha256=f"{resident.id}-{k}",
            status="refused", started_at=now, finished_at=now,
            counts={"bills.csv": {"rows": 2}}, fault_count=n,
        )  # fmt: skip
        session.add(run_)
        session.flush()
        session.add_all(
            ImportFault(
                import_run_id=run_.id, file_name="bills.csv", line=line, column_name="cid",
                value="7", message="is not known",
            )
            for line in range(n)
        )  # fmt: skip
        session.add(StaffTask(kind="excess", reference=f"{resident.id}:{k}", detail="too much"))
        session.add(
            Mail(
                kind="receipt", to_address=resident.email, subject="s", text_body="t",
                html_body="h", user_id=resident.id, status="failed",
            )
        )  # fmt: skip
        session.add(Announcement(title_en=f"T{k}", body_en="B", starts_at=now))
    return run_.id


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that any connection sends inside the block."""
    said: list[str] = []

    def note(*args: Any) -> None:
        said.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def counted(engine: Engine, town: Town, staff: User) -> dict[str, int]:
    """Return the statements of each screen's load, opened by whom it is for."""
    hashes = {
        False: sign_in(town.resident),
        True: sign_in(staff, second_factor=True),
    }
    found = {}
    for page in portal().PAGES:
        for load in page.on_load:
            kind = rx.State.get_class_substate(load.state_full_name)
            query = QUERIES.get(page.route, "account={account}").format(**town.ids)
            of_staff = page.route.startswith(routes.ADMIN)
            state = await state_of(kind, session_hash=hashes[of_staff], url=f"{page.route}?{query}")
            with statements(engine) as said:
                await run(state, load.fn.__name__)
            assert state.problems == [], page.route
            assert state.missing is False, page.route
            found[page.route] = len(said)
    return found


async def test_no_screen_asks_more_when_there_is_more_to_show(database: Engine) -> None:
    with transaction() as session:
        staff = factories.user(session, role="administrator")
    few = await counted(database, build(database, 2), staff)
    many = await counted(database, build(database, 12), staff)
    assert many == few
    assert {path: count for path, count in many.items() if count > MORE.get(path, MOST)} == {}


async def test_five_hundred_accounts_are_one_query(database: Engine) -> None:
    with transaction() as session:
        resident = factories.user(session)
        today = utc_now().date()
        for n in range(500):
            place, payer = factories.account(session), factories.customer(session)
            factories.tenure(session, place, payer)
            factories.link(session, resident, place, payer)
            factories.bill(session, place, payer, 1000 + n, due_date=today + timedelta(days=9))
    actor = factories.actor(resident)
    with statements(database) as said, transaction() as session:
        places = overview.overview(session, actor, today)
    assert (len(places), sum(place.due for place in places)) == (500, 500_000 + 499 * 250)
    assert len(said) == 1
    # The page of one of them asks for it, and not for all.
    with statements(database) as said, transaction() as session:
        place = opened(session, actor, str(places[0].account_id))
    assert (place.account_id, len(said)) == (places[0].account_id, 1)
