"""Manage Bills, Account Summary, Bill Details and View Consumption, as the domain answers them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from portal.domain.bills.details import bill_details
from portal.domain.bills.queries import account_summary, consumption, manage_bills
from portal.domain.bills.rules import Standing
from portal.domain.identity.actor import ANONYMOUS
from portal.kit.errors import NotFound
from portal.kit.ids import new_id
from portal.models.accounts import Account, Read
from portal.models.audit import AuditEvent
from portal.models.bills import Bill
from portal.models.payments import PaymentEvent
from tests import factories
from tests.db.bills.test_balance import TODAY, book, pay


@contextmanager
def statements(db: Session) -> Iterator[list[str]]:
    """Yield the list of statements sent inside the block."""
    said: list[str] = []

    def note(*args: Any) -> None:
        said.append(args[2])

    connection = db.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(connection, "before_cursor_execute", note)


def read(db: Session, account: Account, bill: Bill | None, day: date, **given: Any) -> Read:
    """Add a read of 10 CCF up to `day`, printed on `bill`."""
    fields: dict[str, Any] = {
        "account_id": account.id,
        "service_code": "WATER",
        "service_seq": 1,
        "serial_no": "68596455",
        "read_date": day,
        "prev_read_date": day - timedelta(days=60),
        "prev_read": Decimal(100),
        "curr_read": Decimal(110),
        "actual_usage": Decimal(10),
        "billed_usage": Decimal(10),
        "unit": "CCF",
        "read_code": "A",
        "transaction": "CYCLE",
        "bill_year": bill.bill_year if bill else None,
        "category": bill.category if bill else None,
        "bill_no": bill.bill_no if bill else "",
    }
    row = Read(**(fields | given))
    db.add(row)
    db.flush()
    return row


def two_years(db: Session, account: Account, customer: Any, months: int = 26) -> list[Bill]:
    """Add `months` paid bills with a read each, then an open one; oldest first."""
    bills = []
    for back in range(months, -1, -1):
        day = TODAY - timedelta(days=30 * back + 14)
        bill = factories.bill(
            db,
            account,
            customer,
            10000 + back,
            paid_cents=10000 + back if back else 0,
            statement_date=day,
            due_date=day + timedelta(days=27),
            period_from=day - timedelta(days=40),
            period_to=day - timedelta(days=5),
        )
        read(db, account, bill, day - timedelta(days=5))
        bills.append(bill)
    return bills


def test_manage_bills_totals_over_all_and_cuts_only_the_past(db: Session) -> None:
    user, account, customer = factories.household(db)
    two_years(db, account, customer)
    old = factories.bill(
        db, account, customer, 5000, statement_date=date(2019, 5, 1), due_date=date(2019, 6, 1)
    )
    factories.bill(db, account, customer, 700, status="VOID")
    with statements(db) as said:
        found = manage_bills(db, factories.actor(user), str(account.id), TODAY)
    assert len(said) == 3
    assert [bill.bill_id for bill in found.outstanding][-1] == old.id
    assert found.due.due_now == 15000
    assert found.outstanding[-1].standing is Standing.PAST_DUE
    assert (len(found.past), found.past_left_out) == (12, 14)
    assert found.may_pay is True


def test_bills_sort_by_statement_date_and_not_by_number(db: Session) -> None:
    user, account, customer = factories.household(db)
    factories.bill(db, account, customer, 13446, bill_no="98820", statement_date=date(2026, 9, 26))
    factories.bill(db, account, customer, 12711, bill_no="98465", statement_date=date(2026, 11, 30))
    found = manage_bills(db, factories.actor(user), str(account.id), TODAY)
    assert [bill.bill_no for bill in found.outstanding] == ["98465", "98820"]
    assert found.due.due_now == 26157


def test_the_summary_says_payments_at_once_and_once(db: Session) -> None:
    user, account, customer = factories.household(db)
    bills = two_years(db, account, customer, 3)
    actor = factories.actor(user)
    item = pay(db, user, bills[-1], 4000)
    first = account_summary(db, actor, str(account.id), TODAY)
    assert first.due.due_now == 6000
    ((look, paid),) = first.payments
    assert (look.bill_id, paid.total, paid.last) == (bills[-1].id, 4000, TODAY)
    assert paid.under_way is True
    book(db, bills[-1], 4000, item.portal_payment_id)
    bills[-1].paid_cents, bills[-1].balance_cents = 4000, 6000
    db.add(bills[-1])
    db.flush()
    then = account_summary(db, actor, str(account.id), TODAY)
    assert then.due.due_now == 6000
    assert (then.payments[0][1].total, then.payments[0][1].under_way) == (4000, False)


def test_the_summarys_statements_do_not_grow_with_the_bills(db: Session) -> None:
    user, account, customer = factories.household(db)
    factories.service(db, account, customer)
    two_years(db, account, customer)
    with statements(db) as said:
        found = account_summary(db, factories.actor(user), str(account.id), TODAY)
    assert len(said) == 9
    assert found.services[0].consumption is True
    assert found.change is not None
    assert (found.change.cents, found.change.usage, found.change.days) == (-1, Decimal(0), 0)
    assert found.delivery == "MAIL"


def test_the_summarys_use_is_that_of_the_last_seven_bills_of_one_kind(db: Session) -> None:
    user, account, customer = factories.household(db)
    bills = two_years(db, account, customer)
    newest = sorted(bills, key=lambda bill: bill.statement_date)[-7:]
    newest[3].category += 1
    db.add(newest[3])
    db.flush()
    found = account_summary(db, factories.actor(user), str(account.id), TODAY)
    left = [bill.statement_date for bill in newest if bill is not newest[3]]
    assert [day for day, _ in found.usage] == left
    assert all(used is not None for _, used in found.usage)


def test_bill_details_compares_explains_and_keeps_its_budget(db: Session) -> None:
    user, account, customer = factories.household(db)
    bills = two_years(db, account, customer)
    payment = pay(db, user, bills[-1], 4000)
    chain = ["confirming", "processing", "unknown", "succeeded", "sent", "booked"]
    for step in chain:
        db.add(PaymentEvent(payment_id=payment.payment_id, to_status=step, source="reply"))
        db.flush()
    with statements(db) as said:
        found = bill_details(db, factories.actor(user), str(bills[-1].id), TODAY)
    assert len(said) <= 9
    assert found.change is not None
    assert found.change.cents == -1
    assert found.previous_no == bills[-2].bill_no
    assert [spell.bill_id for spell in found.history] == [bill.id for bill in bills[-13:]]
    assert all(spell.usage == Decimal(10) for spell in found.history)
    assert (found.balance, found.unbooked, found.owed) == (10000, 4000, 6000)
    # Steps of one transaction stand in the order in which they were taken.
    assert [step.state for step in found.payments.portal[0].steps][: len(chain)] == chain


def test_an_exchange_that_names_no_bill_is_found_by_the_period(db: Session) -> None:
    user, account, customer = factories.household(db)
    bill = factories.bill(db, account, customer)
    read(db, account, bill, date(2027, 1, 8), prev_read=Decimal(0), curr_read=Decimal(8))
    read(
        db,
        account,
        None,
        date(2026, 12, 20),
        transaction="REPLACE_OUT",
        serial_no="old",
        actual_usage=Decimal(2),
        billed_usage=Decimal(0),
    )
    read(db, account, None, date(2026, 12, 8), transaction="REPLACE_OUT", serial_no="older")
    found = bill_details(db, factories.actor(user), str(bill.id), TODAY)
    assert [one.serial_no for one in found.reads if not one.billed] == ["old"]


@pytest.mark.parametrize("claim", ["", "98465", "x" * 99, None, 7])
def test_a_foreign_bill_and_an_unknown_one_get_the_same_answer(db: Session, claim: object) -> None:
    _, account, customer = factories.household(db)
    bill = factories.bill(db, account, customer)
    other, _, _ = factories.household(db)
    said = set()
    for who in (factories.actor(other), ANONYMOUS):
        for one in (str(bill.id), str(new_id()), claim):
            with pytest.raises(NotFound) as caught:
                bill_details(db, who, one, TODAY)
            said.add(str(caught.value))
            for ask in (manage_bills, account_summary):
                with pytest.raises(NotFound):
                    ask(db, who, str(account.id), TODAY)
            with pytest.raises(NotFound):
                consumption(db, who, str(account.id), "")
    assert len(said) == 1


def test_a_confidential_payer_is_masked_for_a_copy_and_not_for_themselves(db: Session) -> None:
    user, account, payer = factories.household(db)
    payer.confidential = True
    db.add(payer)
    agent, copy = factories.customer(db), factories.user(db)
    factories.tenure(db, account, agent, relation="COPY", responsible=False)
    factories.link(db, copy, account, agent)
    bill = factories.bill(db, account, payer)
    seen = bill_details(db, factories.actor(copy), str(bill.id), TODAY)
    assert (seen.person.name, seen.person.lines) == ("Not shown (confidential)", ())
    assert seen.may_pay is False
    own = bill_details(db, factories.actor(user), str(bill.id), TODAY)
    assert own.person.name == payer.name1
    assert own.may_pay is True


def test_a_read_belongs_to_the_stay_of_its_date_and_the_final_one_to_the_leaver(
    db: Session,
) -> None:
    moved = date(2026, 4, 15)
    account, newcomer, leaver = (
        factories.account(db),
        factories.customer(db),
        factories.customer(db),
    )
    user, gone = factories.user(db), factories.user(db)
    factories.tenure(db, account, leaver, start_date=date(2019, 1, 1), stop_date=moved)
    factories.tenure(db, account, newcomer, start_date=moved)
    factories.link(db, user, account, newcomer)
    factories.link(db, gone, account, leaver)
    factories.service(db, account, newcomer)
    factories.service(db, account, leaver, stop_date=moved, status="FINAL")
    read(db, account, None, date(2026, 3, 1))
    read(db, account, None, moved, transaction="FINAL")
    read(db, account, None, date(2026, 6, 14))
    mine = consumption(db, factories.actor(user), str(account.id), "")
    assert [one.read_date for one in mine.reads] == [date(2026, 6, 14)]
    theirs = consumption(db, factories.actor(gone), str(account.id), "WATER")
    assert [one.read_date for one in theirs.reads] == [moved, date(2026, 3, 1)]


def test_staff_see_a_bill_and_leave_a_line_in_the_audit(db: Session) -> None:
    _, account, customer = factories.household(db)
    bill = factories.bill(db, account, customer)
    clerk = factories.user(db, role="viewer")
    found = bill_details(db, factories.actor(clerk), str(bill.id), TODAY)
    assert found.may_pay is False
    (line,) = db.exec(select(AuditEvent).where(AuditEvent.account_id == account.id)).all()
    assert (line.act, line.actor_user_id) == ("bill.view", clerk.id)


def test_a_failed_attempt_is_its_payers_alone_to_see(db: Session) -> None:
    user, account, customer = factories.household(db)
    spouse = factories.user(db)
    factories.link(db, spouse, account, customer)
    bill = factories.bill(db, account, customer)
    pay(db, user, bill, 4000, "failed")
    assert len(bill_details(db, factories.actor(user), str(bill.id), TODAY).payments.portal) == 1
    assert bill_details(db, factories.actor(spouse), str(bill.id), TODAY).payments.portal == ()
