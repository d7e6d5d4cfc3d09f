"""The bill screens' handlers: as nobody, as another resident, as staff and as the owner."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from portal.domain.bills.paid import Booked
from portal.kit.ids import new_id
from portal.state.account_summary import AccountSummaryState
from portal.state.bill_details import BillDetailsState, _booked
from portal.state.consumption import ConsumptionState
from portal.state.manage_bills import ManageBillsState
from portal.state.shell import ShellState
from tests import factories
from tests.db.bills.test_screens import two_years
from tests.state.drive import drive, go, leads_to, run

SCREENS: list[tuple[Any, str]] = [
    (AccountSummaryState, "/utility-billing/summary?account={account}"),
    (ManageBillsState, "/utility-billing/bills?account={account}"),
    (BillDetailsState, "/utility-billing/bill?id={bill}"),
    (ConsumptionState, "/utility-billing/consumption?account={account}"),
]


class Town:
    """A household with two years of bills, a stranger with an account, and a clerk."""

    def __init__(self, engine: Engine) -> None:
        with Session(engine, expire_on_commit=False) as session:
            self.owner, self.account, self.payer = factories.household(session)
            self.stranger, self.elsewhere, _ = factories.household(session)
            self.clerk = factories.user(session, role="viewer")
            factories.service(session, self.account, self.payer)
            self.bills = two_years(session, self.account, self.payer, 15)
            session.commit()

    def at(self, url: str) -> str:
        """Return `url` with this town's ids in it."""
        return url.format(account=self.account.id, bill=self.bills[-1].id)


@pytest.fixture
def town(database: Engine) -> Town:
    """Return a town in a database of its own."""
    return Town(database)


@pytest.mark.parametrize(("kind", "url"), SCREENS)
async def test_only_the_owner_sees_the_screen(town: Town, kind: Any, url: str) -> None:
    owner = await drive(kind, "load", as_=town.owner, url=town.at(url))
    assert (owner.loaded_at, owner.missing, owner.problems) == (town.at(url), False, [])
    nobody = await drive(kind, "load", url=town.at(url))
    assert nobody.loaded_at == ""
    assert leads_to(nobody._returned).startswith("/sign-in")
    clerk = await drive(kind, "load", as_=town.clerk, url=town.at(url))
    assert clerk.loaded_at == ""
    stranger = await drive(kind, "load", as_=town.stranger, url=town.at(url))
    unknown = await drive(
        kind, "load", as_=town.stranger, url=url.format(account=new_id(), bill=new_id())
    )
    assert stranger.missing is True
    assert stranger.problems == unknown.problems
    assert len(stranger.problems) == 1


@pytest.mark.parametrize(("kind", "url"), SCREENS)
async def test_the_screen_speaks_spanish_under_es(town: Town, kind: Any, url: str) -> None:
    state = await drive(kind, "load", as_=town.stranger, url="/es" + town.at(url))
    assert state.problems[0].sentence.startswith("No ")


async def test_manage_bills_writes_what_the_screen_shows(town: Town) -> None:
    url = town.at("/utility-billing/bills?account={account}")
    state = await drive(ManageBillsState, "load", as_=town.owner, url=url)
    (row,) = state.rows
    assert (row.number, row.charges, row.balance) == (town.bills[-1].bill_no, "$100.00", "$100.00")
    assert (state.total_due, state.credit, state.can_pay) == ("$100.00", "", True)
    past = await drive(ManageBillsState, "load", as_=town.owner, url=url + "&show=past")
    assert (past.showing_past, len(past.rows), past.can_pay) == (True, 12, False)
    assert past.left_out == "3 older bills are not shown here."


async def test_a_bill_that_cannot_be_paid_here_says_why(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as session:
        owner, account, payer = factories.household(session)
        copy, agent = factories.user(session), factories.customer(session)
        factories.tenure(session, account, agent, relation="COPY", responsible=False)
        factories.link(session, copy, account, agent)
        factories.bill(session, account, payer, status="LIENED")
        factories.bill(session, account, payer)
        session.commit()
    url = f"/utility-billing/bills?account={account.id}"
    theirs = await drive(ManageBillsState, "load", as_=owner, url=url)
    assert sorted(row.note for row in theirs.rows) == [
        "",
        "This bill stands as a lien and cannot be paid online. Call 925-931-5500.",
    ]
    seen = await drive(ManageBillsState, "load", as_=copy, url=url)
    assert [row.payable for row in seen.rows] == [False, False]
    assert seen.can_pay is False
    assert "You receive a copy of this bill. Only its payer can pay it here." in {
        row.note for row in seen.rows
    }


async def test_only_what_is_owed_can_be_scanned(town: Town) -> None:
    shown = []
    for bill in (town.bills[-1], town.bills[0]):
        url = f"/utility-billing/bill?id={bill.id}"
        head = (await drive(BillDetailsState, "load", as_=town.owner, url=url)).head
        shown.append((head.amount, head.qr[:19], head.scan.split()[1:3]))
    number = town.bills[-1].bill_no
    assert shown == [
        ("$100.00", "data:image/svg+xml;", [number, "000010000"]),
        ("$0.00", "", []),
    ]


async def test_add_to_cart_takes_the_ticked_bills_that_are_ones_own(town: Town) -> None:
    url = town.at("/utility-billing/bills?account={account}")
    state = await drive(ManageBillsState, "load", as_=town.owner, url=url)
    await run(state, "add_to_cart", {f"bill-{town.bills[-1].id}": "on", "other": "x"})
    assert state.problems == []
    assert state.notice.startswith("Added to your cart.")
    foreign = await drive(
        ManageBillsState,
        "add_to_cart",
        {f"bill-{town.bills[-1].id}": "on"},
        as_=town.stranger,
        url=url,
    )
    assert foreign.notice == ""
    assert len(foreign.problems) == 1
    nothing = await drive(ManageBillsState, "add_to_cart", {}, as_=town.owner, url=url)
    assert len(nothing.problems) == 1


async def test_pay_now_puts_what_is_due_into_the_cart_and_goes_there(town: Town) -> None:
    url = town.at("/utility-billing/summary?account={account}")
    state = await drive(AccountSummaryState, "load", as_=town.owner, url=url)
    assert (state.amount_due, state.can_pay) == ("$100.00", True)
    returned = await run(state, "pay_now")
    assert leads_to(returned) == "/cart"
    assert (await state.get_state(ShellState)).cart_items == 1


async def test_a_bill_is_added_from_its_own_page(town: Town) -> None:
    url = town.at("/utility-billing/bill?id={bill}")
    state = await drive(BillDetailsState, "load", as_=town.owner, url=url)
    assert state.head.amount == "$100.00"
    assert state.head.why == "$0.01 less than last bill: the same use"
    assert state.head.document == f"/documents/bill?id={town.bills[-1].id}"
    assert len(state.history) == 13
    await run(state, "add_to_cart")
    assert state.notice.startswith("Added to your cart.")


async def test_a_bill_that_is_refused_takes_the_last_ones_place(town: Town) -> None:
    state = await drive(
        BillDetailsState, "load", as_=town.owner, url=town.at("/utility-billing/bill?id={bill}")
    )
    assert state.missing is False
    moved = go(state, "/utility-billing/bill?id=98465")
    await run(state, "load")
    assert (state.loaded_at, state.missing) == (moved, True)


def test_what_adds_to_a_bill_says_so_and_a_payment_is_what_was_paid() -> None:
    day = date(2027, 1, 12)
    shown = [
        _booked(Booked(activity, day, day, cents, "", "OTHER", "")).amount
        for activity, cents in (("PAYMENT", -5000), ("FEE", 4057), ("REVERSAL", 5000))
    ]
    assert shown == ["$50.00", "+$40.57", "+$50.00"]
