"""The square code of a printed bill: fills in what the paper shows, for who is signed in."""

import re
from uuid import UUID

import pytest
from sqlmodel import Session

from portal.domain.bills import code
from portal.domain.identity.actor import ANONYMOUS
from portal.kit.ids import new_id
from portal.models.bills import Bill
from tests import factories


@pytest.fixture
def bill(db: Session) -> Bill:
    account, customer = (
        factories.account(db, account_no="28624"),
        factories.customer(db, cid="405583"),
    )
    return factories.bill(db, account, customer)


def of(bill_id: UUID) -> str:
    return code.address(bill_id).partition("#bill=")[2]


def test_the_code_stands_for_the_numbers_and_holds_neither(db: Session, bill: Bill) -> None:
    resident = factories.actor(factories.user(db))
    assert re.fullmatch("[0-9a-f]{52}", of(bill.id))
    path, _, _behind = code.address(bill.id).partition("#")
    assert path == f"http://localhost:3000/utility-billing/bill?id={bill.id}"
    assert "28624" not in code.address(bill.id)
    assert code.numbers(db, resident, of(bill.id)) == ("28624", "405583")


def test_nobody_else_and_no_other_code_gets_them(db: Session, bill: Bill) -> None:
    resident = factories.actor(factories.user(db))
    clerk = factories.actor(factories.user(db, role="administrator"))
    assert code.numbers(db, ANONYMOUS, of(bill.id)) is None
    assert code.numbers(db, clerk, of(bill.id)) is None
    right = of(bill.id)
    wrong = ("", "#", bill.id.hex, bill.id.hex + "0" * 20, right[:-1], right + "0", right.upper(),
             "é" * 52, "'; DROP", of(new_id()))  # fmt: skip
    assert {code.numbers(db, resident, one) for one in wrong} == {None}
