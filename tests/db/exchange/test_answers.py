"""What the billing system answers to a batch: acknowledgements, booked payments, silence."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session, col, select

from portal.domain.bills.balance import owed_cents
from portal.domain.bills.paid import paid_on
from portal.domain.exchange.sweeps import note_unbooked
from portal.domain.identity.actor import Actor
from portal.kit.ids import BillId, UserId
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.exchange import PostingRow
from portal.models.identity import User
from portal.models.payments import StaffTask
from tests.db.exchange.taking import only_fault, take
from tests.db.exchange.test_postings import LATER, LATEST, NOW, close, pay, town
from tests.exchange_folder import Folder

__all__ = ["town"]


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


def test_a_refused_or_partly_posted_payment_is_held_and_stays_deducted(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, _ = town
    payment = pay(db, user, (first, 4000))
    close(db)
    row = {"batch_id": "P000001", "seq": "1"}
    bill = BillId(first.id)

    def answer(name: str, as_of: str, **cells: str) -> list[str]:
        ack = Folder(tmp_path / name).put("ack.csv", row | cells, mode="DELTA")
        take(db, ack.seal(as_of))
        (paid,) = paid_on(db, Actor(UserId(user.id)), bill).portal
        assert owed_cents(db, [bill]) == {bill: 6000}
        return [step.state for step in paid.steps]

    held = ["succeeded", "sent", "rejected"]
    assert answer("a", LATER, result="REJECTED", reason="closed") == held
    assert answer("b", "2027-01-27T23:30:00-08:00", result="PARTIAL", reason="10.00") == held
    tasks = db.exec(select(StaffTask).order_by(col(StaffTask.kind))).all()
    assert [(task.kind, task.payment_id) for task in tasks] == [
        ("posting_partial", payment.id),
        ("posting_rejected", payment.id),
    ]
    assert answer("c", "2027-01-28T23:30:00-08:00", result="POSTED") == ["succeeded", "sent"]


def test_an_answer_without_a_column_keeps_what_an_earlier_one_said(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, _ = town
    pay(db, user, (first, 4000))
    close(db)
    said = (
        b"batch_id,seq,result,reason,posted_date,receipt_no\nP000001,1,PARTIAL,half,2027-01-27,R9\n"
    )
    take(db, Folder(tmp_path / "a").raw("ack.csv", said, mode="DELTA").seal())
    less = b"batch_id,seq,result,reason\nP000001,1,POSTED,\n"
    take(db, Folder(tmp_path / "b").raw("ack.csv", less, mode="DELTA").seal(LATER))
    row = db.exec(select(PostingRow)).one()
    assert (row.result, row.result_reason, row.receipt_no) == ("POSTED", "", "R9")
    assert row.result_posted_date == date(2027, 1, 27)


def test_a_refused_reversal_leads_the_staff_to_its_payment(
    db: Session, town: tuple[User, Account, Bill, Bill], tmp_path: Path
) -> None:
    user, _, first, _ = town
    payment = pay(db, user, (first, 4000), status="processing", method="ach")
    close(db)
    payment.status = "failed"
    db.flush()
    close(db, LATEST)
    row = {"batch_id": "P000002", "seq": "1", "result": "REJECTED", "reason": "no such receipt"}
    take(db, Folder(tmp_path / "ack").put("ack.csv", row, mode="DELTA").seal())
    task = db.exec(select(StaffTask)).one()
    assert task.payment_id == payment.id
    assert f"{payment.number}-1-R: REJECTED" in task.detail % task.params


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
