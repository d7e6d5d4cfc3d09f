"""The contract's settled questions, by their numbers: 9 to 20 (17 is the usage import's)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from portal.domain.accounts.rules import match_no
from portal.domain.bills.balance import owed_cents
from portal.kit.ids import BillId
from portal.models.accounts import Account, Customer, Meter, Read, Tenure
from portal.models.bills import Bill, BillActivity, BillInstallment, BillLine
from portal.models.payments import StaffTask
from tests.db.exchange.taking import one, only_fault, place, refusal, take
from tests.exchange_folder import Folder

LATER = "2027-01-26T23:30:00-08:00"
LATEST = "2027-01-27T23:30:00-08:00"


def test_9_in_delta_an_absent_column_keeps_and_an_empty_value_clears(
    db: Session, folder: Folder, next_folder: Folder, tmp_path: Path
) -> None:
    take(db, folder.basics().put("customers.csv", {"email": "a@b.us", "phone": "555"}).seal())
    take(db, next_folder.put("customers.csv", {"phone": ""}, mode="DELTA").seal(LATER))
    customer = db.exec(select(Customer)).one()
    assert (customer.email, customer.phone) == ("a@b.us", "")

    full = Folder(tmp_path / "full").put("customers.csv", {})
    take(db, full.seal(LATEST))
    assert db.exec(select(Customer)).one().email == ""


def test_9_in_delta_an_absent_reference_keeps_too(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    take(db, folder.basics().put("parcels.csv", {"cid": "100001"}).seal())
    from portal.models.property import Parcel

    take(db, next_folder.put("parcels.csv", {"tax": "1.00"}, mode="DELTA").seal(LATER))
    parcel = db.exec(select(Parcel)).one()
    assert (parcel.tax_cents, parcel.customer_id is None) == (100, False)


def test_9_a_column_without_question_mark_must_be_there(db: Session, folder: Folder) -> None:
    content = folder.basics().files["accounts.csv"].replace(b"inside_limits,", b"")
    folder.raw("accounts.csv", content.replace(b",Y,", b","))
    assert "accounts.csv lacks the column inside_limits" in str(refusal(db, folder.seal()))


def test_9_delta_closes_nothing(db: Session, folder: Folder, next_folder: Folder) -> None:
    take(db, folder.basics().seal())
    path = next_folder.put("accounts.csv", {"account_no": "2"}, mode="DELTA").seal(LATER)
    assert take(db, path).counts["accounts.csv"].closed == 0


def test_10_extra_columns_are_named_and_social_security_numbers_refuse(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    outcome = take(db, folder.basics().put("customers.csv", {"mission": "x"}).seal())
    (note,) = outcome.notes
    assert str(note) == "customers.csv: ignored the columns mission"
    path = next_folder.put("customers.csv", {"Cust_SSN": "1"}).seal(LATER)
    assert str(refusal(db, path)) == (
        "customers.csv has a column Cust_SSN: social security numbers are never sent."
    )


OTHER_MAKER = {"manufacturer": "NEPTUNE", "connected": "2026-12-01"}


def test_11_a_serial_means_the_meter_of_that_place_and_date(db: Session, folder: Folder) -> None:
    folder.basics().put("meters.csv", {"removed": "2026-12-01"}, OTHER_MAKER)
    folder.put(
        "reads.csv",
        {},
        {"read_date": "2026-11-08", "prev_read_date": "2026-09-08"},
        {"read_date": "2026-12-01", "transaction": "REPLACE_IN"},
    )
    take(db, folder.seal())
    makers = {
        read.read_date: db.get(Meter, read.meter_id).manufacturer  # type: ignore[union-attr]
        for read in db.exec(select(Read))
    }
    assert makers == {
        date(2027, 1, 8): "NEPTUNE",
        date(2026, 11, 8): "BADGER",
        date(2026, 12, 1): "NEPTUNE",
    }


def test_11_two_candidates_refuse_the_row(db: Session, folder: Folder) -> None:
    folder.basics().put("meters.csv", {}, OTHER_MAKER).put("reads.csv", {})
    assert only_fault(db, folder.seal()) == ("reads.csv", 2, "serial_no", "S100")


def test_12_and_13_reads_are_kept_as_they_came(db: Session, folder: Folder) -> None:
    folder.basics().put(
        "reads.csv",
        {"prev_read": "0", "curr_read": "8", "actual_usage": "8", "billed_usage": "10"},
        {
            "transaction": "REPLACE_OUT",
            "billed_usage": "0",
            "actual_usage": "2.125",
            "read_code": "C",
            "serial_no": "S99",
        },
        {"transaction": "REPLACE_IN", "billed_usage": "0", "actual_usage": "0", "read_code": "R"},
    )
    folder.put("meters.csv", {"multiplier": "0.748052"})
    take(db, folder.seal())
    reads = {read.transaction: read for read in db.exec(select(Read))}
    cycle = reads["CYCLE"]
    assert (cycle.curr_read - cycle.prev_read, cycle.billed_usage) == (8, 10)
    out = reads["REPLACE_OUT"]
    assert (out.actual_usage, out.billed_usage, out.read_code) == (Decimal("2.125"), 0, "C")
    assert (reads["REPLACE_IN"].read_code, out.meter_id) == ("R", None)
    assert db.exec(select(Meter)).one().multiplier == Decimal("0.748052")


def test_14_lines_sum_to_the_bill_less_penalty_and_interest(db: Session, folder: Folder) -> None:
    folder.basics().put(
        "bills.csv",
        {
            "penalty_due": "10.00",
            "interest_due": "1.23",
            "written_off": "20.00",
            "balance": "91.23",
        },
    )
    folder.put(
        "bill_lines.csv",
        {"original": "60.00", "balance": "40.00"},
        {"line": "2", "original": "40.00", "balance": "40.00"},
    )
    folder.put(
        "payments.csv",
        {"payment_ref": "A", "activity": "ADJUSTMENT", "amount": "-20.00"},
        {"payment_ref": "F", "activity": "FEE", "amount": "1.23"},
    )
    take(db, folder.seal())
    assert db.exec(select(Bill)).one().balance_cents == 9123
    assert [
        a.amount_cents
        for a in db.exec(select(BillActivity).order_by(col(BillActivity.payment_ref)))
    ] == [-2000, 123]


def test_15_a_bill_is_due_by_its_first_open_installment(db: Session, folder: Folder) -> None:
    folder.basics().put(
        "bills.csv", {"due_date": "2027-06-05", "paid": "50.00", "balance": "50.00"}
    )
    folder.put(
        "bill_installments.csv",
        {
            "amount": "50.00",
            "credits": "50.00",
            "balance": "0.00",
            "due": "0.00",
            "pay_by": "2026-12-05",
        },
        {
            "installment": "2",
            "amount": "50.00",
            "balance": "50.00",
            "due": "50.00",
            "pay_by": "2027-06-05",
        },
    )
    take(db, folder.seal())
    assert sorted(i.due_cents for i in db.exec(select(BillInstallment))) == [0, 5000]


def test_16_a_rate_has_up_to_six_decimals(db: Session, folder: Folder) -> None:
    take(
        db,
        folder.basics()
        .put("bills.csv", {})
        .put("bill_lines.csv", {"rate": "0.123456", "qty": "1.125"})
        .seal(),
    )
    line = db.exec(select(BillLine)).one()
    assert (line.rate, line.qty) == (Decimal("0.123456"), Decimal("1.125"))


def test_18_children_of_a_skipped_row_are_skipped_and_counted(db: Session, folder: Folder) -> None:
    folder.basics().put("accounts.csv", {}, {"account_no": "2", "status": "WRONG"})
    folder.put("account_customers.csv", {}, {"account_no": "2"})
    folder.put(
        "bills.csv", {}, {"bill_no": "2", "account_no": "2"}, {"bill_no": "3", "due_date": "never"}
    )
    folder.put("bill_lines.csv", {}, {"bill_no": "2"}, {"bill_no": "3"})
    folder.put("payments.csv", {}, {"payment_ref": "P2", "bill_no": "2"})
    outcome = take(db, folder.seal(), skip=True)
    left = {n: (c.skipped, c.skipped_children) for n, c in outcome.counts.items()}
    assert left == {
        "accounts.csv": (1, 0),
        "customers.csv": (0, 0),
        "account_customers.csv": (0, 1),
        "services.csv": (0, 0),
        "meters.csv": (0, 0),
        "bills.csv": (1, 1),
        "bill_lines.csv": (0, 2),
        "payments.csv": (0, 1),
    }
    assert [place(f) for f in outcome.faults.kept] == [
        ("accounts.csv", 3, "status", "WRONG"),
        ("bills.csv", 4, "due_date", "never"),
    ]
    notes = [str(note) for note in outcome.notes]
    assert "bills.csv: left out 1 rows at fault and 1 that belong to rows left out" in notes
    assert "bills.csv: left out with them 200.00 of the manifest's balance" in notes
    assert [b.bill_no for b in db.exec(select(Bill))] == ["000123"]


def test_18_a_row_left_out_is_not_closed_as_omitted(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    take(db, folder.basics().seal())
    next_folder.basics().put("accounts.csv", {"status": "WRONG"}, {"account_no": "2"})
    outcome = take(db, next_folder.seal(LATER), skip=True)
    assert {n: c.closed for n, c in outcome.counts.items() if c.closed} == {}
    assert one(db, Account, account_no="00300001").status == "ACTIVE"
    assert db.exec(select(Tenure)).one().stop_date is None


def test_18_where_a_key_cannot_be_read_full_closes_nothing(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    take(db, folder.basics().seal())
    next_folder.put("accounts.csv", {"account_no": "2"})
    next_folder.raw("accounts.csv", next_folder.files["accounts.csv"] + b"too,few\n")
    outcome = take(db, next_folder.seal(LATER), skip=True)
    assert outcome.counts["accounts.csv"].closed == 0
    assert one(db, Account, account_no="00300001").status == "ACTIVE"


def test_19_an_unknown_portal_payment_is_the_staffs_and_deducts_nothing(
    db: Session, folder: Folder
) -> None:
    folder.basics().put("bills.csv", {"paid": "40.00", "balance": "60.00"})
    take(db, folder.put("payments.csv", {"portal_payment_id": "999-1", "source": "PORTAL"}).seal())
    bill = db.exec(select(Bill)).one()
    assert owed_cents(db, [BillId(bill.id)]) == {bill.id: 6000}
    task = db.exec(select(StaffTask)).one()
    assert (task.kind, task.detail % task.params) == (
        "unknown_portal_payment",
        "P1 carries the portal payment 999-1, which the portal does not know.",
    )


@pytest.mark.parametrize("number", ["003-00 001", "0-0_3.4#5", "abc-12", "３００", "000", "5–6"])
def test_20_numbers_are_stored_as_linking_looks_them_up(
    db: Session, folder: Folder, number: str
) -> None:
    take(db, folder.put("accounts.csv", {"account_no": number}).seal())
    account = db.exec(select(Account)).one()
    assert (account.account_no, account.match_no) == (number, match_no(number))
