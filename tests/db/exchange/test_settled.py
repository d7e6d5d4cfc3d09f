"""The contract's settled questions, by their numbers."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, col, select

from portal.domain.accounts.policy import opened_accounts
from portal.domain.accounts.rules import match_no
from portal.domain.bills.balance import amount_due_now, owed_cents
from portal.domain.bills.payable import payable
from portal.domain.exchange.images import find_image
from portal.kit.ids import BillId
from portal.models.accounts import Account, Customer, Meter, Read, Service, Tenure
from portal.models.bills import Bill, BillActivity, BillInstallment, BillLine
from portal.models.exchange import ImportRun
from portal.models.payments import StaffTask
from tests import factories
from tests.db.exchange.taking import only_fault, place, refusal, take
from tests.exchange_folder import Folder

LATER = "2027-01-26T23:30:00-08:00"
LATEST = "2027-01-27T23:30:00-08:00"
LEAVER = {"stop_date": "2026-06-15"}
COMER = {"cid": "2", "start_date": "2026-06-15"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "night")


@pytest.fixture
def next_folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "next")


def one(db: Session, model: type[SQLModel], **where: object) -> SQLModel:
    return db.exec(select(model).filter_by(**where)).one()


def two_tenants(folder: Folder) -> Folder:
    folder.basics().put("customers.csv", {}, {"cid": "2", "name1": "NGUYEN, BAO"})
    return folder.put("account_customers.csv", LEAVER, COMER)


def resident_of(db: Session, cid: str) -> factories.User:
    account = db.exec(select(Account)).one()
    customer = db.exec(select(Customer).where(Customer.cid == cid)).one()
    user = factories.user(db)
    factories.link(db, user, account, customer)
    return user


def test_1_a_move_out_and_a_move_in_on_one_day_share_nothing(db: Session, folder: Folder) -> None:
    take(db, two_tenants(folder).seal())
    (leaver,) = opened_accounts(db, factories.actor(resident_of(db, "100001")))
    (comer,) = opened_accounts(db, factories.actor(resident_of(db, "2")))
    for day, of_leaver in ((date(2026, 6, 14), True), (date(2026, 6, 15), False)):
        assert (leaver.covers(day), comer.covers(day)) == (of_leaver, not of_leaver)


def test_2_a_customer_who_returns_has_two_tenures(db: Session, folder: Folder) -> None:
    two_tenants(folder).put(
        "account_customers.csv",
        LEAVER,
        {"cid": "2", "start_date": "2026-06-15", "stop_date": "2026-09-01"},
        {"start_date": "2026-09-01"},
    )
    folder.put("services.csv", LEAVER, {"service_seq": "2", "start_date": "2026-09-01"})
    take(db, folder.seal())
    (back,) = opened_accounts(db, factories.actor(resident_of(db, "100001")))
    assert [(stay.start, stay.stop) for stay in back.stays] == [
        (date(2020, 1, 1), date(2026, 6, 15)),
        (date(2026, 9, 1), None),
    ]
    assert not back.covers(date(2026, 7, 1))
    assert [s.start_date for s in db.exec(select(Service).order_by(col(Service.service_seq)))] == [
        date(2020, 1, 1),
        date(2026, 9, 1),
    ]


@pytest.mark.parametrize(("responsible", "may_pay"), [("N", False), ("Y", True)])
def test_3_a_copy_sees_and_pays_only_when_responsible(
    db: Session, folder: Folder, responsible: str, may_pay: bool
) -> None:
    folder.basics().put("customers.csv", {}, {"cid": "2", "name1": "LANDLORD"})
    folder.put(
        "account_customers.csv", {}, {"cid": "2", "relation": "COPY", "responsible": responsible}
    )
    take(db, folder.put("bills.csv", {}).seal())
    bill = db.exec(select(Bill)).one()
    seen = payable(db, factories.actor(resident_of(db, "2")), [str(bill.id)])
    assert [b.may_pay for b in seen.values()] == [may_pay]


def test_4_amount_due_sums_open_and_liened_less_credit(db: Session, folder: Folder) -> None:
    def bill(number: str, cents: str, status: str) -> dict[str, str]:
        return {"bill_no": number, "billed": cents, "balance": cents, "status": status}

    folder.basics().put(
        "bills.csv",
        bill("1", "100.00", "OPEN"),
        bill("2", "30.00", "LIENED"),
        bill("3", "-12.50", "CREDIT"),
        bill("4", "55.00", "VOID"),
        bill("5", "77.00", "WRITTENOFF"),
    )
    take(db, folder.seal())
    (place,) = opened_accounts(db, factories.actor(resident_of(db, "100001")))
    due = amount_due_now(db, place, date(2027, 1, 26))
    assert (due.owed, due.credit, due.liened, due.due_now) == (13000, 1250, 3000, 11750)


def test_5_a_final_bill_and_a_final_read_are_the_leavers(db: Session, folder: Folder) -> None:
    two_tenants(folder).put("bills.csv", {"statement_date": "2026-07-01"})
    folder.put(
        "reads.csv",
        {"read_date": "2026-06-15", "prev_read_date": "2026-05-01", "transaction": "FINAL"},
    )
    take(db, folder.seal())
    bill = db.exec(select(Bill)).one()
    assert list(payable(db, factories.actor(resident_of(db, "100001")), [str(bill.id)]))
    assert not payable(db, factories.actor(resident_of(db, "2")), [str(bill.id)])
    assert db.exec(select(Read)).one().transaction == "FINAL"


def test_6_full_closes_what_it_omits_and_keeps_history(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    history = ("bills.csv", "reads.csv", "bill_lines.csv", "bill_installments.csv", "payments.csv")
    folder.basics()
    for n in range(2, 12):
        account = {"account_no": f"{n}"}
        for name, row in (
            ("accounts.csv", {}),
            ("account_customers.csv", {}),
            ("services.csv", {}),
            ("meters.csv", {"serial_no": f"S{n}"}),
        ):
            folder.raw(name, folder.files[name])
            folder.put(
                name,
                {},
                *(
                    {"account_no": f"{k}"} | ({"serial_no": f"S{k}"} if row else {})
                    for k in range(2, n + 1)
                ),
            )
        assert account
    for name in history:
        folder.put(name, {})
    take(db, folder.seal())

    kept = [{"account_no": f"{k}"} for k in range(2, 12)]
    next_folder.put("accounts.csv", *kept).put("account_customers.csv", *kept)
    next_folder.put("services.csv", *kept)
    next_folder.put(
        "meters.csv", *({"account_no": f"{k}", "serial_no": f"S{k}"} for k in range(2, 12))
    )
    for name in history:
        next_folder.raw(name, (folder.files[name].split(b"\n")[0] + b"\n"))
    outcome = take(db, next_folder.seal(LATER))

    assert {n: c.closed for n, c in outcome.counts.items() if c.closed} == {
        "accounts.csv": 1,
        "account_customers.csv": 1,
        "services.csv": 1,
        "meters.csv": 1,
    }
    day = date(2027, 1, 26)  # the city's day of as_of, not UTC's
    account = one(db, Account, account_no="00300001")
    assert (account.status, account.stop_date) == ("INACTIVE", day)
    tenure = one(db, Tenure, account_id=account.id)
    service = one(db, Service, account_id=account.id)
    assert (tenure.stop_date, service.status, service.stop_date) == (day, "INACTIVE", day)
    assert one(db, Meter, account_id=account.id).removed == day
    for model in (Bill, Read, BillLine, BillInstallment, BillActivity):
        assert len(db.exec(select(model)).all()) == 1


def test_6_a_bill_goes_away_only_by_void(db: Session, folder: Folder, next_folder: Folder) -> None:
    take(db, folder.basics().put("bills.csv", {}).put("bill_lines.csv", {}).seal())
    take(db, next_folder.put("bills.csv", {"status": "VOID"}, mode="DELTA").seal(LATER))
    bill = db.exec(select(Bill)).one()
    assert (bill.status, owed_cents(db, [BillId(bill.id)])) == ("VOID", {bill.id: 0})


@pytest.mark.parametrize(("omitted", "refused"), [(1, False), (2, True)])
def test_6_closing_more_than_a_tenth_of_the_accounts_has_to_be_forced(
    db: Session, folder: Folder, next_folder: Folder, omitted: int, refused: bool
) -> None:
    rows = [{"account_no": f"{n}"} for n in range(10)]
    take(db, folder.put("accounts.csv", *rows).seal())
    path = next_folder.put("accounts.csv", *rows[omitted:]).seal(LATER)
    if refused:
        assert "omits 2 of 10 open accounts" in str(refusal(db, path))
        assert len(db.exec(select(Account).where(Account.status == "ACTIVE")).all()) == 10
    assert take(db, path, force=refused).counts["accounts.csv"].closed == omitted


def test_7_folders_are_taken_in_order_of_as_of(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    take(db, folder.basics().seal(LATER))
    older = next_folder.put("customers.csv", {"name1": "OLD"}).seal("2027-01-27T06:00:00+00:00")
    assert "older folder has to be forced" in str(refusal(db, older))
    assert take(db, older, force=True).status == "done"
    # The newest as_of counts, not the last taken: what is between the two is still older.
    between = next_folder.put("customers.csv", {"name1": "X"}).seal("2027-01-26T23:00:00-08:00")
    assert "has to be forced" in str(refusal(db, between))
    runs = db.exec(select(ImportRun)).all()
    assert [run.status for run in runs] == ["done", "done"]


def test_7_images_are_kept_by_their_hash(
    db: Session, folder: Folder, next_folder: Folder, tmp_path: Path
) -> None:
    name = "2027-60-000123.pdf"
    folder.basics().put("bills.csv", {"image_name": name})
    folder.raw(f"images/{name}", b"%PDF-1.7 one", mode="DELTA")
    outcome = take(db, folder.seal())
    assert (outcome.counts["images"].rows, outcome.counts["images"].new) == (1, 1)
    found = find_image(db, tmp_path / "data", name)
    assert found is not None
    assert found.read_bytes() == b"%PDF-1.7 one"
    assert find_image(db, tmp_path / "data", "other.pdf") is None

    next_folder.raw(f"images/{name}", b"%PDF-1.7 two", mode="DELTA")
    next_folder.facts[f"images/{name}"] = {"sha256": "0" * 64}
    assert "the manifest says sha256 0000" in str(refusal(db, next_folder.seal(LATER)))
    next_folder.raw(f"images/{name}", b"MZ not a pdf", mode="DELTA")
    assert "is not a PDF" in str(refusal(db, next_folder.seal(LATER)))
    assert find_image(db, tmp_path / "data", name) == found
    assert not list((tmp_path / "data").rglob("*.part"))


def test_8_an_image_name_with_a_path_refuses(db: Session, folder: Folder) -> None:
    folder.basics().put("bills.csv", {"image_name": "../2027-60-1.pdf"})
    assert only_fault(db, folder.seal()) == ("bills.csv", 2, "image_name", "../2027-60-1.pdf")


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
    assert outcome.notes == ["customers.csv: ignored the columns mission"]
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
    assert (
        "bills.csv: left out 1 rows at fault and 1 that belong to rows left out;"
        " balance 200.00 of the manifest's total with them" in outcome.notes
    )
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
    assert (task.kind, task.detail) == (
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
