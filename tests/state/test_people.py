"""People with access: the holder, another holder, a delegate, a stranger, nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.kit.clock import utc_now
from portal.models.identity import AccountLink, UserSession
from portal.models.sharing import Invitation
from portal.state.manage_bills import ManageBillsState
from portal.state.people import PeopleState
from portal.state.shell import ShellState
from tests import factories
from tests.state.drive import drive, leads_to, run

FORM = {"email": "new@example.org", "rights": "pay", "last_day": ""}


class House:
    """A holder, a delegate who may only view, a stranger."""

    def __init__(self, db: Session) -> None:
        self.holder, self.account, payer = factories.household(db)
        self.delegate, self.stranger = factories.user(db), factories.user(db)
        self.tie = factories.link(
            db, self.delegate, self.account, payer, rights="view", granted_by=self.holder.id
        )
        self.bill = factories.bill(db, self.account, payer)

    @property
    def url(self) -> str:
        return f"/utility-billing/people?account={self.account.id}"


@pytest.fixture
def house(database: Engine) -> House:
    with Session(database, expire_on_commit=False) as db, db.begin():
        return House(db)


async def test_a_holder_invites_and_withdraws(database: Engine, house: House) -> None:
    state = await drive(PeopleState, "load", as_=house.holder, url=house.url)
    assert [(row.is_you, row.rights, row.changeable) for row in state.rows] == [
        (True, "hold", False),
        (False, "view", True),
    ]
    assert (state.may_act, state.may_invite) == (True, True)
    await run(state, "invite", FORM)
    assert state.notice == "The invitation is on its way to new@example.org."
    (waiting,) = state.invited
    assert (waiting.email, waiting.may) == ("new@example.org", "View and pay")
    await run(state, "withdraw", waiting.id)
    assert state.invited == []
    await run(state, "invite", FORM | {"email": "x"})
    assert state.field_errors == {"email": "Enter one email address, like name@example.org."}
    await run(state, "invite", {"email": "x", "rights": "all", "last_day": "soon"})
    assert [one.field for one in state.problems] == ["email", "rights", "last_day"]
    assert {one.field: one.sentence for one in state.problems} == state.field_errors


async def test_an_old_sign_in_looks_and_is_led_to_sign_in_for_acts(
    database: Engine, house: House
) -> None:
    state = await drive(PeopleState, "load", as_=house.holder, url=house.url)
    with Session(database) as db, db.begin():
        row = db.exec(select(UserSession)).one()
        row.authenticated_at = utc_now() - timedelta(hours=1)
    await run(state, "load")
    assert not state.may_act
    target = leads_to(await run(state, "invite", FORM))
    assert target.startswith("/sign-in?next=%2Futility-billing%2Fpeople%3Faccount%3D")
    assert target.endswith("&done=again")
    await run(state, "load")
    assert state.invited == []


async def test_a_holder_changes_and_removes(database: Engine, house: House) -> None:
    change = f"{house.url}&change={house.tie.id}"
    state = await drive(PeopleState, "load", as_=house.holder, url=change)
    assert (state.changing.rights, state.changing.last_day) == ("view", "")
    target = leads_to(await run(state, "save", {"rights": "pay", "last_day": ""}))
    assert target == f"{house.url}&done=changed"
    remove = f"{house.url}&remove={house.tie.id}"
    state = await drive(PeopleState, "load", as_=house.holder, url=remove)
    assert state.removing.may == "View and pay"
    assert leads_to(await run(state, "remove")) == f"{house.url}&done=removed"
    state = await drive(PeopleState, "load", as_=house.holder, url=f"{house.url}&done=removed")
    assert (len(state.rows), state.notice[:22]) == (1, "The access is removed.")


async def test_others_see_and_change_nothing(database: Engine, house: House) -> None:
    for who in (house.delegate, house.stranger, None):
        state = await drive(PeopleState, "load", as_=who, url=house.url)
        assert (state.rows, state.invited, state.account) == ([], [], "")
        for act, given in (("invite", (FORM,)), ("save", (FORM,)), ("remove", ())):
            await run(state, act, *given)
    with Session(database) as db:
        assert db.exec(select(Invitation)).all() == []
        tie = db.get_one(AccountLink, house.tie.id)
        assert (tie.rights, tie.removed_at) == ("view", None)


async def test_a_delegate_has_the_bills_in_the_menu_and_no_people(house: House) -> None:
    url = f"/utility-billing/bills?account={house.account.id}"
    bills = await drive(ManageBillsState, "load", as_=house.delegate, url=url)
    assert [row.payable for row in bills.rows] == [False]
    menu = await drive(ShellState, "load", as_=house.delegate, url=url)
    assert (menu.account_no, menu.holds_account) == (house.account.account_no, False)
    menu = await drive(ShellState, "load", as_=house.holder, url=url)
    assert (menu.holds_account, menu.has_other_accounts) == (True, False)
