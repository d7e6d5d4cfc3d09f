"""The day's batch out, and the billing system's answers in."""

import csv
import hashlib
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from portal.domain.exchange.postings import Batch, TooEarly, close_batch
from portal.domain.exchange.written import csv_text, safe
from portal.domain.requests import address, delivery
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.identity import User
from portal.models.payments import Cart, Payment, PaymentEvent, PaymentItem
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
DAY = date(2027, 1, 26)
LATEST = date(2027, 1, 27)
LATER = "2027-01-26T23:30:00-08:00"


def pay(db: Session, user: User, *items: tuple[Bill, int], **given: Any) -> Payment:
    """Book a payment of (bill, cents) as the payments domain leaves it."""
    cart = Cart(user_id=user.id, status="paid")
    db.add(cart)
    db.flush()
    fields: dict[str, Any] = {
        "cart_id": cart.id,
        "user_id": user.id,
        "status": "succeeded",
        "amount_cents": sum(cents for _, cents in items),
        "idempotency_key": f"pay-{cart.id}",
        "processor_ref": f"pi_{cart.id.hex[:8]}",
        "payer_name": "Ana Rivera",
        "expires_at": NOW,
        "effective_date": date(2027, 1, 25),
        "business_date": DAY,
    }
    payment = Payment(**(fields | given))
    db.add(payment)
    db.flush()
    for seq, (bill, cents) in enumerate(items, start=1):
        db.add(
            PaymentItem(
                payment_id=payment.id,
                seq=seq,
                bill_id=bill.id,
                amount_cents=cents,
                portal_payment_id=f"{payment.number}-{seq}",
            )
        )
    db.add(
        PaymentEvent(
            payment_id=payment.id,
            at=datetime(2027, 1, 25, 20, 15, 30, tzinfo=UTC),
            to_status=payment.status,
            source="reply",
        )
    )
    db.flush()
    return payment


@pytest.fixture
def town(db: Session) -> tuple[User, Account, Bill, Bill]:
    user, place, payer = factories.household(db, account_no="00300001")
    bills = [factories.bill(db, place, payer, cents) for cents in (10000, 2550)]
    return user, place, bills[0], bills[1]


def close(db: Session, day: date = DAY) -> Batch:
    return close_batch(db, day, latest=LATEST, now=NOW)


def rows_of(batch: Batch) -> list[dict[str, str]]:
    content = batch.files["payment_posting.csv"]
    return list(csv.DictReader(io.StringIO(content.rpartition("TRAILER")[0])))


def test_a_batch_is_written_as_the_contract_says(
    db: Session, town: tuple[User, Account, Bill, Bill]
) -> None:
    user, _, first, second = town
    payment = pay(db, user, (first, 4000), (second, 2550), payer_name='=cmd|" /C calc"!A0')
    batch = close(db)

    content = batch.files["payment_posting.csv"]
    lines = content.splitlines()
    assert lines[0] == (
        "batch_id,seq,record,portal_payment_id,reverses_portal_payment_id,bill_year,category,"
        "bill_no,installment,account_no,cid,amount,tender,processor,processor_ref,effective_date,"
        "accepted_at,payer_name"
    )
    row = rows_of(batch)[0]
    cid = row.pop("cid")
    assert cid.isdigit()
    assert row == {
        "batch_id": "P000001",
        "seq": "1",
        "record": "PAY",
        "portal_payment_id": f"{payment.number}-1",
        "reverses_portal_payment_id": "",
        "bill_year": str(first.bill_year),
        "category": str(first.category),
        "bill_no": first.bill_no,
        "installment": "",
        "account_no": "00300001",
        "amount": "40.00",
        "tender": "CARD",
        "processor": "STRIPE",
        "processor_ref": payment.processor_ref,
        "effective_date": "2027-01-25",
        "accepted_at": "2027-01-25T20:15:30Z",
        "payer_name": '\'=cmd|" /C calc"!A0',
    }
    above = "".join(line + "\n" for line in lines[:-1])
    digest = hashlib.sha256(above.encode()).hexdigest()
    assert lines[-1] == f"TRAILER,P000001,2,65.50,0.00,{digest}"
    assert batch.files["fees.csv"] == "batch_id,seq,portal_payment_id,fee_kind,amount\n"
    assert sorted(batch.files) == [
        "contact_changes.csv",
        "delivery_changes.csv",
        "fees.csv",
        "payment_posting.csv",
    ]


def test_the_same_day_run_again_gives_the_same_bytes(
    db: Session, town: tuple[User, Account, Bill, Bill]
) -> None:
    user, _, first, second = town
    pay(db, user, (first, 4000))
    once = close(db)
    late = pay(db, user, (second, 100), payer_name="Late")
    again = close(db)
    assert (again.files, again.closed_now) == (once.files, False)

    nxt = close(db, LATEST)
    assert nxt.batch_id == "P000002"
    assert [r["portal_payment_id"] for r in rows_of(nxt)] == [f"{late.number}-1"]


def test_a_later_day_than_the_next_business_day_is_refused(
    db: Session, town: tuple[User, Account, Bill, Bill]
) -> None:
    with pytest.raises(TooEarly):
        close(db, date(2027, 1, 28))


def test_only_accepted_money_of_the_day_is_posted_and_no_excess(
    db: Session, town: tuple[User, Account, Bill, Bill]
) -> None:
    user, _, first, second = town
    pay(db, user, (first, 100), business_date=LATEST)
    for status in ("confirming", "requires_action", "failed", "canceled"):
        pay(db, user, (first, 100), status=status)
    ach = pay(db, user, (second, 2550), status="processing", method="ach")
    item = db.exec(select(PaymentItem).where(PaymentItem.payment_id == ach.id)).one()
    item.excess_cents = 550
    db.flush()
    assert [(r["amount"], r["tender"]) for r in rows_of(close(db))] == [("20.00", "ECHECK")]


def test_a_returned_debit_is_reversed_once(
    db: Session, town: tuple[User, Account, Bill, Bill]
) -> None:
    user, _, first, _ = town
    payment = pay(db, user, (first, 4000), status="processing", method="ach")
    close(db)
    payment.status = "failed"
    db.flush()
    batch = close(db, LATEST)
    (row,) = rows_of(batch)
    assert (row["record"], row["portal_payment_id"], row["reverses_portal_payment_id"]) == (
        "REVERSE",
        f"{payment.number}-1-R",
        f"{payment.number}-1",
    )
    assert (
        batch.files["payment_posting.csv"]
        .splitlines()[-1]
        .startswith("TRAILER,P000002,1,0.00,40.00,")
    )
    assert rows_of(close(db, date(2027, 1, 25))) == []


def test_changes_leave_once(db: Session, town: tuple[User, Account, Bill, Bill]) -> None:
    user, place, _, _ = town
    actor = factories.actor(user)
    delivery.change_delivery(db, actor, str(place.id), "EMAIL", consent=True, now=NOW)
    typed = {"addr1": "+1 Elm", "city": "Dublin", "state": "CA", "zip": "94566"}
    asked = address.request_address(db, actor, str(place.id), typed, now=NOW)
    assert len(close(db, date(2027, 1, 22)).files["contact_changes.csv"].splitlines()) == 1
    staff = factories.user(db, role="administrator", email="boss@example.com")
    address.approve(db, factories.actor(staff), str(asked.request_id), now=NOW)

    files = close(db).files
    (moved, _city) = list(csv.DictReader(io.StringIO(files["contact_changes.csv"])))
    assert (moved["change_id"], moved["field"], moved["new"], moved["approved_by"]) == (
        f"{asked.reference}-1",
        "addr1",
        "'+1 Elm",
        "boss@example.com",
    )
    assert (moved["account_no"], moved["requested_at"]) == ("00300001", "2027-01-26T18:00:00Z")
    sent = close(db, date(2027, 1, 22)).files["delivery_changes.csv"].splitlines()
    (change,) = list(csv.DictReader(sent))
    assert (change["old"], change["new"], change["email"], change["consent_version"]) == (
        "MAIL",
        "EMAIL",
        user.email,
        "2026-01",
    )
    assert len(files["delivery_changes.csv"].splitlines()) == 1


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(begin: str) -> None:
    assert safe(begin + "1").startswith("'")
    assert safe("O'Hara, Ana\nB") == "O'Hara, Ana B"
    assert csv_text(("a", "b"), [(None, 'x"y')]) == 'a,b\n,"x""y"\n'
