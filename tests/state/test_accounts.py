"""Search, results, links: the owner, another resident, nobody, and wrong on purpose."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.models.accounts import Account
from portal.models.identity import AccountLink, SavedSearch, User, UserSession
from portal.state.accounts import AccountsState, SearchResultsState
from portal.state.shell import ShellState
from portal.state.utility_billing import LinkSetupState, UtilityBillingState
from tests import factories
from tests.state.drive import drive, leads_to, run

RIGHT = {"account_no": "028 624", "cid": "405583", "remember": "on"}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.kit.pace.rest", lambda spent, span: 0)


@pytest.fixture
def town(database: Engine) -> tuple[User, User, Account]:
    """Two residents and one account, linked to nobody."""
    with Session(database, expire_on_commit=False) as db, db.begin():
        account = factories.account(db, account_no="28624")
        factories.tenure(db, account, factories.customer(db, cid="405583"))
        return factories.user(db), factories.user(db), account


async def test_search_links_and_leads_to_the_results(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    ana, _, account = town
    state = await drive(UtilityBillingState, "load", as_=ana, url="/utility-billing")
    assert (state.account_no, state.cid, state.remember) == ("", "", False)
    target = leads_to(await run(state, "search", RIGHT))
    assert target == f"/utility-billing/results?account={account.id}"

    results = await drive(SearchResultsState, "load", as_=ana, url=target)
    assert results.found == "1 found"
    (row,) = results.rows
    assert (row.account_no, row.cid, row.account) == ("28624", "405583", str(account.id))

    again = await drive(UtilityBillingState, "load", as_=ana, url="/utility-billing")
    assert (again.account_no, again.cid, again.remember) == ("28624", "405583", True)
    new = await drive(UtilityBillingState, "load", as_=ana, url="/utility-billing?new=1")
    assert (new.account_no, new.cid) == ("", "")
    modify = f"/utility-billing?account={account.id}"
    assert (await drive(UtilityBillingState, "load", as_=ana, url=modify)).cid == "405583"
    await run(again, "reset_form")
    assert (again.account_no, again.cid, again.remember) == ("", "", False)


async def test_a_wrong_pair_is_said_at_the_field(town: tuple[User, User, Account]) -> None:
    ana, _, _ = town
    state = await drive(UtilityBillingState, "search", {"account_no": "28624", "cid": "1"}, as_=ana)
    (problem,) = state.problems
    assert problem.field == "account_no"
    assert problem.sentence.startswith("We could not link an account with these numbers.")
    empty = await drive(UtilityBillingState, "search", {"cid": "1"}, as_=ana)
    assert empty.field_errors == {"account_no": "Enter your account number."}
    empty = await drive(UtilityBillingState, "search", {}, as_=ana)
    assert [one.field for one in empty.problems] == ["account_no", "cid"]


async def test_a_third_fact_opens_its_field(town: tuple[User, User, Account]) -> None:
    ana, bob, _ = town
    state = await drive(LinkSetupState, "load", as_=bob)
    for cid in "12345":
        await run(state, "submit", {"account_no": "28624", "cid": cid})
    assert not state.asks_amount
    hers = await drive(LinkSetupState, "submit", RIGHT, as_=ana)
    assert hers.asks_amount
    assert hers.problems[0].field == "amount"


async def test_link_setup_takes_one_after_the_other(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    with Session(database) as db, db.begin():
        factories.tenure(
            db, factories.account(db, account_no="300"), factories.customer(db, cid="9")
        )
    ana, _, _ = town
    state = await drive(LinkSetupState, "load", as_=ana)
    await run(state, "submit", RIGHT)
    assert state.notice.startswith("Account 28624 at ")
    await run(state, "submit", {"account_no": "300", "cid": "9"})
    assert [row.account_no for row in state.rows] == ["28624", "300"]


async def test_a_remembered_session_is_led_to_the_sign_in_before_it_links(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    ana, _, _ = town
    state = await drive(LinkSetupState, "load", as_=ana, url="/utility-billing/link")
    with Session(database) as db, db.begin():
        row = db.exec(select(UserSession)).one()
        row.remembered = True
        row.authenticated_at = row.authenticated_at.replace(year=2020)
    target = leads_to(await run(state, "submit", RIGHT))
    assert target == "/sign-in?next=%2Futility-billing%2Flink&done=again"
    # Who opens the page now is told before anything is typed.
    assert not state.only_looks
    await run(state, "load")
    assert state.only_looks
    shell = await state.get_state(ShellState)
    assert leads_to(await run(shell, "sign_in_again")) == target


async def test_accounts_and_the_removal_in_two_steps(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    ana, bob, _ = town
    for who in (ana, bob):
        await drive(LinkSetupState, "submit", RIGHT, as_=who)
    page = await drive(AccountsState, "load", as_=ana, url="/utility-billing/accounts")
    ((row,),) = [group.rows for group in page.groups]
    assert (row.account_no, row.holds, page.removing) == ("28624", True, "")
    assert bob.email not in repr(page.groups)

    own = await drive(
        AccountsState, "load", as_=ana, url=f"/utility-billing/accounts?remove={row.link_id}"
    )
    assert own.removing == row.link_id
    with Session(database) as db:
        assert {tie.removed_at for tie in db.exec(select(AccountLink)).all()} == {None}
    target = leads_to(await run(own, "remove"))
    assert target == "/utility-billing/accounts?done=removed"
    gone = await drive(AccountsState, "load", as_=ana)
    assert (gone.groups, gone.none_linked) == ([], True)
    await drive(AccountsState, "remove", as_=ana)  # pressed twice, or Back and again
    assert len((await drive(AccountsState, "load", as_=bob)).groups) == 1


async def test_a_landlord_searches_groups_turns_pages_and_fills_the_cart(
    database: Engine,
) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        ana = factories.user(db)
        payers = [factories.customer(db, name1=f"PAYER {n}") for n in range(2)]
        for n in range(30):
            place = factories.account(db, service_address=f"{n + 1} Elm St", district=f"{n % 3}")
            payer = payers[n % 2]
            factories.tenure(db, place, payer)
            factories.link(db, ana, place, payer)
            factories.bill(db, place, payer, 100 * (n + 1))
    at = "/utility-billing/accounts"
    state = await drive(AccountsState, "load", as_=ana, url=at)
    assert (state.found, state.total, state.page, state.last) == ("30 found", "$465.00", 1, 2)
    assert [len(group.rows) for group in state.groups] == [25]
    state = await drive(AccountsState, "load", as_=ana, url=f"{at}?page=2&sort=due")
    assert [row.due for row in state.groups[0].rows][-1] == "$1.00"
    assert state.here == f"{at}?sort=due&"
    state = await drive(AccountsState, "load", as_=ana, url=f"{at}?group=customer&page=99")
    assert [(g.name.split(" (")[0], len(g.rows)) for g in state.groups] == [("PAYER 1", 5)]
    assert state.groups[0].due == "$240.00"  # over all pages
    target = leads_to(await run(state, "search", {"q": " 7 Elm ", "sort": "", "group": ""}))
    assert "Elm" not in target
    state = await drive(AccountsState, "load", as_=ana, url=target)
    assert (state.words, state.here) == ("7 Elm", target + "&")
    assert (state.found, state.groups[0].rows[0].address) == ("1 found", "7 Elm St")
    await run(state, "add_all")
    assert state.notice == "1 bill was added to your cart."
    everything = await drive(AccountsState, "load", as_=ana, url=at)
    await run(everything, "add_all")
    assert everything.notice == "29 bills were added to your cart."
    await run(everything, "add_all")
    assert everything.notice == "All that is due is in your cart already."


async def test_another_resident_neither_sees_nor_removes(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    ana, bob, account = town
    await drive(UtilityBillingState, "search", RIGHT, as_=ana)
    hers = (await drive(AccountsState, "load", as_=ana)).groups[0].rows[0]
    theirs = await drive(
        AccountsState, "load", as_=bob, url=f"/utility-billing/accounts?remove={hers.link_id}"
    )
    assert (theirs.groups, theirs.removing) == ([], "")
    theirs.removing = hers.link_id  # as if the browser could say so
    await run(theirs, "remove")
    assert theirs.problems
    seen = await drive(
        SearchResultsState, "load", as_=bob, url=f"/utility-billing/results?account={account.id}"
    )
    assert (seen.rows, seen.found) == ([], "0 found")
    modify = await drive(
        UtilityBillingState, "load", as_=bob, url=f"/utility-billing?account={account.id}"
    )
    assert (modify.account_no, modify.cid) == ("", "")
    with Session(database) as db:
        assert len(db.exec(select(AccountLink)).all()) == 1
        assert db.exec(select(SavedSearch.user_id)).all() == [ana.id]


@pytest.mark.parametrize(
    ("state", "handler", "arguments"),
    [
        (UtilityBillingState, "load", ()),
        (UtilityBillingState, "search", (RIGHT,)),
        (UtilityBillingState, "reset_form", ()),
        (LinkSetupState, "load", ()),
        (LinkSetupState, "submit", (RIGHT,)),
        (SearchResultsState, "load", ()),
        (AccountsState, "load", ()),
        (AccountsState, "remove", ()),
        (AccountsState, "add_all", ()),
        (AccountsState, "search", ({"q": "x"},)),
    ],
)
async def test_nobody_and_staff_are_led_to_the_sign_in(
    database: Engine,
    town: tuple[User, User, Account],
    state: Any,
    handler: str,
    arguments: tuple[Any, ...],
) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        clerk = factories.user(db, role="administrator")
    for who in (None, clerk):
        driven = await drive(state, handler, *arguments, as_=who)
        assert leads_to(driven._returned).startswith("/sign-in?next=")
    with Session(database) as db:
        assert db.exec(select(AccountLink)).all() == []


@pytest.mark.parametrize(
    "form", [{}, {"account_no": "9" * 5000, "cid": "'; DROP"}, {"cid": "\x00"}]
)
async def test_hostile_forms_are_refused_in_words(
    town: tuple[User, User, Account], form: dict[str, str]
) -> None:
    state = await drive(LinkSetupState, "submit", form, as_=town[0])
    assert state.problems
    assert "reference" not in state.problems[0].sentence
