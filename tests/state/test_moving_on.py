"""What a tab holds is about one address: loads that are left or fail, acts that come late."""

import asyncio

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from portal.kit.errors import DomainError
from portal.state.base import RESIDENT, PortalState, loader
from portal.state.manage_bills import ManageBillsState
from portal.state.shell import ShellState
from tests import factories
from tests.state.drive import drive, go, run


class SlowState(PortalState):
    """A page whose load waits to be told how it ends."""

    shown: str = ""
    _ends: dict[str, asyncio.Future[None]] = {}

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show what the address names, once its future is done."""
        self.shown = self._query("account")
        await self._ends[self.shown]


class Landlord:
    """A resident with two accounts, a bill at each."""

    def __init__(self, engine: Engine) -> None:
        with Session(engine, expire_on_commit=False) as session:
            self.user, self.first, payer = factories.household(session)
            self.bill = factories.bill(session, self.first, payer)
            self.second = factories.account(session)
            factories.tenure(session, self.second, payer)
            factories.link(session, self.user, self.second, payer)
            session.commit()

    def bills(self, account: object) -> str:
        """Return the address of an account's bills."""
        return f"/utility-billing/bills?account={account}"


@pytest.fixture
def landlord(database: Engine) -> Landlord:
    """Return a landlord in a database of their own."""
    return Landlord(database)


async def test_what_was_loaded_is_about_the_address_it_was_loaded_for(landlord: Landlord) -> None:
    first, second = landlord.bills(landlord.first.id), landlord.bills(landlord.second.id)
    state = await drive(ManageBillsState, "load", as_=landlord.user, url=first)
    assert (state.loaded_at, state.account_no) == (first, landlord.first.account_no)
    go(state, second)
    await run(await state.get_state(ShellState), "load")
    assert state.loaded_at == first  # nothing of the second is here yet, and nothing claims it is
    await run(state, "load")
    assert (state.loaded_at, state.account_no) == (second, landlord.second.account_no)


async def test_a_load_that_its_reader_left_stands_for_nothing(landlord: Landlord) -> None:
    state = await drive(ManageBillsState, "load", as_=landlord.user, url=landlord.bills("x"))
    slow = await state.get_state(SlowState)
    loop = asyncio.get_running_loop()
    slow._ends = {"a": loop.create_future(), "b": loop.create_future()}
    go(slow, "/slow?account=a")
    first = asyncio.ensure_future(run(slow, "load"))
    while slow.shown != "a":
        await asyncio.sleep(0)
    first.cancel()  # as the framework does when the next navigation comes
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (slow.shown, slow.loaded_at) == ("a", "")
    go(slow, "/slow?account=b")
    slow._ends["b"].set_result(None)
    await run(slow, "load")
    assert (slow.shown, slow.loaded_at) == ("b", "/slow?account=b")


@pytest.mark.parametrize("trouble", [DomainError("Not there."), RuntimeError("broken")])
async def test_a_load_that_fails_shows_nothing_at_its_address(
    landlord: Landlord, trouble: Exception
) -> None:
    url = "/slow?account=a"
    state = await drive(ManageBillsState, "load", as_=landlord.user, url=landlord.bills("x"))
    slow = await state.get_state(SlowState)
    slow._ends = {"a": asyncio.get_running_loop().create_future()}
    slow._ends["a"].set_exception(trouble)
    go(slow, url)
    await run(slow, "load")
    assert (slow.loaded_at, slow.missing, len(slow.problems)) == (url, True, 1)


async def test_leaving_for_another_page_forgets_what_was_loaded(landlord: Landlord) -> None:
    url = landlord.bills(landlord.first.id)
    state = await drive(ManageBillsState, "load", as_=landlord.user, url=url)
    go(state, "/help")
    await run(await state.get_state(ShellState), "load")
    assert state.loaded_at == ""


async def test_an_act_of_one_account_is_not_done_while_the_tab_holds_another(
    landlord: Landlord,
) -> None:
    first, second = landlord.bills(landlord.first.id), landlord.bills(landlord.second.id)
    form = {f"bill-{landlord.bill.id}": "on"}
    state = await drive(ManageBillsState, "load", as_=landlord.user, url=second)
    go(state, first)  # they went back and pressed before the answer came
    await run(state, "add_to_cart", form)
    assert (state.notice, state.problems) == ("", [])
    await run(state, "load")
    await run(state, "add_to_cart", form)
    assert state.notice.startswith("Added to your cart.")
