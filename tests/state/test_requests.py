"""Bill Delivery Preference and Request Change of Address: owner, stranger, nobody, wrong input."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from portal.models.accounts import Account
from portal.models.exchange import ContactRequest, DeliveryChange
from portal.models.identity import User
from portal.state.address import AddressState
from portal.state.delivery import DeliveryState
from tests import factories
from tests.state.drive import drive, leads_to, run

TYPED = {"addr1": "PO Box 7", "addr2": "", "city": "Dublin", "state": "CA", "zip": "94568"}


@pytest.fixture
def town(database: Engine) -> tuple[User, User, Account]:
    """The owner, a stranger and the owner's account."""
    with Session(database, expire_on_commit=False) as db, db.begin():
        owner, account, _ = factories.household(db)
        return owner, factories.user(db), account


def url(path: str, account: Account) -> str:
    return f"/utility-billing/{path}?account={account.id}"


def recorded(database: Engine, table: Any) -> list[Any]:
    with Session(database, expire_on_commit=False) as db:
        return list(db.exec(select(table).order_by(col(table.id))).all())


async def test_the_owner_changes_delivery_in_two_steps(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    owner, _, account = town
    state = await drive(DeliveryState, "load", as_=owner, url=url("delivery", account))
    assert (state.current, state.wanted, state.may_change, state.step) == (
        "Mail",
        "MAIL",
        True,
        "choose",
    )
    await run(state, "check", {"way": "EMAIL", "consent": "on"})
    assert (state.step, state.way_words, state.email) == ("check", "E-mail", owner.email)
    assert recorded(database, DeliveryChange) == []

    await run(state, "confirm")
    (row,) = recorded(database, DeliveryChange)
    assert (row.old, row.new, row.email) == ("MAIL", "EMAIL", owner.email)
    assert [(c.new, c.status) for c in state.changes] == [("E-mail", "Received")]
    assert state.notice == "Your change was received. We sent you an email that confirms it."
    assert state.step == "choose"


async def test_spanish_is_spoken_on_the_spanish_page(town: tuple[User, User, Account]) -> None:
    owner, _, account = town
    state = await drive(DeliveryState, "load", as_=owner, url="/es" + url("delivery", account))
    assert state.current == "Correo postal"


@pytest.mark.parametrize(
    ("form", "field"),
    [({"way": "EMAIL"}, "consent"), ({}, "way"), ({"way": "<b>"}, "way"), ({"way": "MAIL"}, "way")],
)
async def test_a_wrong_choice_is_said_at_its_field(
    town: tuple[User, User, Account], form: dict[str, str], field: str
) -> None:
    owner, _, account = town
    state = await drive(DeliveryState, "load", as_=owner, url=url("delivery", account))
    await run(state, "check", form)
    assert ([p.field for p in state.problems], state.step) == ([field], "choose")


async def test_confirm_without_check_records_nothing(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    owner, _, account = town
    state = await drive(DeliveryState, "load", as_=owner, url=url("delivery", account))
    await run(state, "confirm")
    assert state.problems
    assert recorded(database, DeliveryChange) == []


@pytest.mark.parametrize("kind", [DeliveryState, AddressState])
async def test_a_stranger_finds_nothing_and_nobody_is_led_to_sign_in(
    town: tuple[User, User, Account], kind: Any
) -> None:
    _, stranger, account = town
    state = await drive(kind, "load", as_=stranger, url=url("delivery", account))
    assert (state.missing, state.account_no, len(state.problems)) == (True, "", 1)
    nobody = await drive(kind, "load", url=url("delivery", account))
    assert leads_to(nobody._returned).startswith("/sign-in")
    assert nobody.account_no == ""


async def test_the_owner_asks_for_another_address(
    database: Engine, town: tuple[User, User, Account]
) -> None:
    owner, _, account = town
    state = await drive(AddressState, "load", as_=owner, url=url("address", account))
    assert (state.step, state.waiting, len(state.lines)) == ("type", False, 2)
    await run(state, "check", TYPED | {"note": "from May"})
    assert (state.step, state.wished) == ("check", ["PO Box 7", "Dublin, CA 94568"])
    await run(state, "change_answers")
    assert (state.step, state.typed["addr1"]) == ("type", "PO Box 7")
    await run(state, "check", TYPED)
    await run(state, "send")

    (row,) = recorded(database, ContactRequest)
    assert row.fields["addr1"][1] == "PO Box 7"
    assert (state.waiting, state.step, state.typed["addr1"]) == (True, "type", "")
    assert [(r.reference, r.status) for r in state.requests] == [(row.reference, "Received")]
    assert row.reference in state.notice

    await run(state, "send")  # the button twice, another tab
    assert state.problems
    assert len(recorded(database, ContactRequest)) == 1


async def test_wrong_fields_are_all_named_and_what_was_typed_is_kept(
    town: tuple[User, User, Account],
) -> None:
    owner, _, account = town
    state = await drive(AddressState, "load", as_=owner, url=url("address", account))
    await run(state, "check", {"addr1": "", "city": "Dublin", "state": "CAL", "zip": "1"})
    assert [problem.field for problem in state.problems] == ["addr1", "state", "zip"]
    assert (state.step, state.typed["city"]) == ("type", "Dublin")
