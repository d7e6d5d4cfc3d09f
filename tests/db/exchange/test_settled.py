"""The contract's settled questions, by their numbers: 1 to 8."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from portal.domain.accounts.policy import opened_accounts
from portal.domain.bills.balance import amount_due_now, owed_cents
from portal.domain.bills.payable import payable
from portal.domain.exchange.images import find_image
from portal.kit.ids import BillId
from portal.models.accounts import Account, Customer, Meter, Read, Service, Tenure
from portal.models.bills import Bill, BillActivity, BillInstallment, BillLine
from portal.models.exchange import ImportRun
from tests import factories
from tests.db.exchange.taking import NOW, one, only_fault, refusal, take
from tests.exchange_folder import Folder

LATER = "2027-01-26T23:30:00-08:00"
LATEST = "2027-01-27T23:30:00-08:00"
LEAVER = {"stop_date": "2026-06-15"}
COMER = {"cid": "2", "start_date": "2026-06-15"}


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
    kept = [{"account_no": f"{n}"} for n in range(2, 12)]
    meters = [{"account_no": f"{n}", "serial_no": f"S{n}"} for n in range(2, 12)]
    folder.basics()
    for name in ("accounts.csv", "account_customers.csv", "services.csv"):
        folder.put(name, {}, *kept)
    folder.put("meters.csv", {}, *meters)
    for name in history:
        folder.put(name, {})
    take(db, folder.seal())

    for name in ("accounts.csv", "account_customers.csv", "services.csv"):
        next_folder.put(name, *kept)
    next_folder.put("meters.csv", *meters)
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


def test_7_a_folder_taken_before_changes_nothing_also_when_newer_ones_came(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    first = folder.basics().seal()
    take(db, first)
    take(db, next_folder.basics().put("customers.csv", {"name1": "NEW"}).seal(LATER))
    assert take(db, first).status == "unchanged"
    assert one(db, Customer, cid="100001").name1 == "NEW"
    assert [run.status for run in db.exec(select(ImportRun)).all()] == ["done", "done"]


def test_7_the_newest_is_taken_again_after_an_older_one_was_forced(
    db: Session, folder: Folder, next_folder: Folder
) -> None:
    take(db, folder.basics().seal())
    newest = next_folder.basics().put("customers.csv", {"name1": "NEW"}).seal(LATER)
    take(db, newest)
    take(db, folder.path, force=True, now=NOW + timedelta(minutes=1))
    assert one(db, Customer, cid="100001").name1 == "RIVERA, ANA"
    assert take(db, newest, now=NOW + timedelta(minutes=2)).status == "done"
    assert one(db, Customer, cid="100001").name1 == "NEW"
    assert take(db, newest, now=NOW + timedelta(minutes=3)).status == "unchanged"


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
