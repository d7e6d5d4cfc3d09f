"""The day's batch out, and the billing system's answers in."""

import csv
import hashlib
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from portal.domain.bills.balance import owed_cents
from portal.domain.exchange.postings import Batch, TooEarly, close_batch
from portal.domain.exchange.sweeps import note_unbooked
from portal.domain.exchange.written import csv_text, safe
from portal.domain.requests import address, delivery
from portal.kit.ids import BillId
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.exchange import PostingRow
from portal.models.identity import User
from portal.models.payments import Cart, Payment, PaymentEvent, PaymentItem, StaffTask
from tests import factories
from tests.db.exchange.taking import only_fault, take
from tests.exchange_folder import Folder

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


# Answers


def test_an_acknowledgement_marks_rows_and_rejections_go_to_staff(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, second = town
    payment = pay(db, user, (first, 4000), (second, 2550))
    close(db)
    ack = Folder(tmp_path / "ack").put(
        "ack.csv",
        {"batch_id": "P000001", "posted_date": "2027-01-27", "receipt_no": "R9"},
        {"batch_id": "P000001", "seq": "2", "result": "REJECTED", "reason": "bill is closed"},
        mode="DELTA",
    )
    outcome = take(db, ack.seal())
    assert (outcome.counts["ack.csv"].changed, outcome.counts["ack.csv"].rows) == (2, 2)
    rows = db.exec(select(PostingRow).order_by(text("seq"))).all()
    assert [(r.result, r.receipt_no, r.result_reason) for r in rows] == [
        ("POSTED", "R9", ""),
        ("REJECTED", "", "bill is closed"),
    ]
    task = db.exec(select(StaffTask)).one()
    assert (task.kind, task.payment_id) == ("posting_rejected", payment.id)
    assert task.detail % task.params == (
        f"{payment.number}-2: REJECTED by the billing system. bill is closed"
    )


def test_an_acknowledgement_of_nothing_is_a_fault(db: Session, tmp_path: Path) -> None:
    ack = Folder(tmp_path / "ack").put("ack.csv", {"seq": "7"}, mode="DELTA")
    assert only_fault(db, ack.seal()) == ("ack.csv", 2, "seq", "2027-01-20-1 7")


def test_a_booked_payment_ends_the_deduction_and_not_the_files_arrival(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, _ = town
    payment = pay(db, user, (first, 4000))
    bill = BillId(first.id)
    assert owed_cents(db, [bill]) == {bill: 6000}
    cell = {
        "bill_year": str(first.bill_year),
        "category": str(first.category),
        "bill_no": first.bill_no,
    }
    # A file arrives without our payment: it still counts.
    other = cell | {"payment_ref": "X1", "amount": "-1.00"}
    take(db, Folder(tmp_path / "a").put("payments.csv", other, mode="DELTA").seal())
    assert owed_cents(db, [bill]) == {bill: 6000}

    # The books know it: imported balance and booked row come together, and it counts once.
    cid = db.execute(text("SELECT cid FROM customer")).scalar_one()
    books = Folder(tmp_path / "b")
    row = cell | {"cid": cid, "paid": "40.00", "balance": "60.00"}
    books.put("bills.csv", row, mode="DELTA")
    booked = cell | {"portal_payment_id": f"{payment.number}-1", "source": "PORTAL"}
    books.put("payments.csv", booked, mode="DELTA")
    take(db, books.seal(LATER))
    assert owed_cents(db, [bill]) == {bill: 6000}
    assert db.exec(select(StaffTask)).all() == []
    receivable = text("SELECT sum(amount_cents) FROM ledger_entry WHERE bill_id = :bill")
    assert db.execute(receivable, {"bill": bill}).scalar_one() == 6000


def test_a_payment_booked_otherwise_goes_to_staff(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, second = town
    payment = pay(db, user, (first, 4000))
    booked = {
        "bill_year": str(second.bill_year),
        "category": str(second.category),
        "bill_no": second.bill_no,
        "portal_payment_id": f"{payment.number}-1",
        "amount": "-39.00",
        "source": "PORTAL",
    }
    take(db, Folder(tmp_path / "a").put("payments.csv", booked, mode="DELTA").seal())
    task = db.exec(select(StaffTask)).one()
    assert (task.kind, task.payment_id) == ("booked_otherwise", payment.id)
    assert f"with -39.00 on bill {second.bill_year}-{second.category}-{second.bill_no}" in (
        task.detail % task.params
    )


def test_a_bill_that_moves_while_our_payment_is_under_way_is_booked_without_it(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, _ = town
    pay(db, user, (first, 4000))
    cid = db.execute(text("SELECT cid FROM customer")).scalar_one()
    row = {
        "bill_year": str(first.bill_year),
        "category": str(first.category),
        "bill_no": first.bill_no,
        "cid": cid,
        "interest_due": "1.50",
        "balance": "101.50",
    }
    take(db, Folder(tmp_path / "a").put("bills.csv", row, mode="DELTA").seal())
    receivable = text("SELECT sum(amount_cents) FROM ledger_entry WHERE bill_id = :bill")
    assert db.execute(receivable, {"bill": first.id}).scalar_one() == 6150
    assert owed_cents(db, [BillId(first.id)]) == {first.id: 6150}


def test_what_is_never_booked_is_told_once(
    db: Session, town: tuple[User, Account, Bill, Bill]
) -> None:
    user, _, first, _ = town
    payment = pay(db, user, (first, 4000))
    close(db)
    assert note_unbooked(db, now=NOW + timedelta(days=6)) == 0
    assert note_unbooked(db, now=NOW + timedelta(days=7)) == 1
    assert note_unbooked(db, now=NOW + timedelta(days=8)) == 0
    task = db.exec(select(StaffTask)).one()
    assert (task.kind, task.payment_id) == ("not_booked", payment.id)
    assert task.detail % task.params == (
        f"{payment.number}-1 was sent in batch P000001 on 2027-01-26 and is in no payments file"
        " since."
    )
