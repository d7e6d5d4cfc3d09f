"""Folders in: what they change, what refuses them."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from portal.domain.exchange.faults import Refused
from portal.domain.exchange.operations import Options, Outcome, import_folder
from portal.models.accounts import Account, Customer, Meter, Read, Service, Tenure
from portal.models.bills import Bill, BillActivity, BillInstallment, BillLine
from portal.models.exchange import ImportRun
from portal.models.payments import LedgerEntry
from portal.models.property import Licence, Parcel, Vehicle
from tests.exchange_folder import Folder

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2027, 1, 26, 9, 0, tzinfo=UTC)


def take(db: Session, path: Path, *, force: bool = False, skip: bool = False) -> Outcome:
    options = Options(ZONE, path.parent / "data", force=force, skip_bad_rows=skip)
    outcome = import_folder(db, path, options, now=NOW)
    db.expire_all()
    return outcome


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "night")


def everything(folder: Folder) -> Folder:
    folder.basics()
    for name in (
        "bills.csv",
        "reads.csv",
        "bill_lines.csv",
        "bill_installments.csv",
        "payments.csv",
        "parcels.csv",
        "vehicles.csv",
        "licences.csv",
    ):
        folder.put(name, {})
    return folder


def test_every_file_arrives_in_its_table(db: Session, folder: Folder) -> None:
    outcome = take(db, everything(folder).seal())

    assert outcome.status == "done"
    assert {name: (c.rows, c.new) for name, c in outcome.counts.items()} == dict.fromkeys(
        outcome.counts, (1, 1)
    )
    account = db.exec(select(Account)).one()
    assert (account.account_no, account.match_no) == ("00300001", "300001")
    assert account.stop_date is None
    customer = db.exec(select(Customer)).one()
    tenure = db.exec(select(Tenure)).one()
    assert (tenure.account_id, tenure.customer_id) == (account.id, customer.id)
    assert (tenure.is_primary, tenure.start_date, tenure.stop_date) == (
        True,
        date(2020, 1, 1),
        None,
    )
    bill = db.exec(select(Bill)).one()
    assert (bill.bill_no, bill.balance_cents, bill.account_id) == ("000123", 10000, account.id)
    assert db.exec(select(BillLine)).one().original_cents == 10000
    assert db.exec(select(BillInstallment)).one().due_cents == 10000
    assert db.exec(select(BillActivity)).one().amount_cents == -4000
    assert db.exec(select(Read)).one().meter_id == db.exec(select(Meter)).one().id
    assert db.exec(select(Service)).one().customer_id == customer.id
    assert db.exec(select(Parcel)).one().tax_cents == 664160
    assert db.exec(select(Vehicle)).one().customer_id == customer.id
    assert db.exec(select(Licence)).one().expires_date is None
    entries = db.exec(select(LedgerEntry).order_by(col(LedgerEntry.amount_cents))).all()
    assert [(e.ledger_account, e.bill_id, e.amount_cents) for e in entries] == [
        ("revenue", None, -10000),
        ("receivable", bill.id, 10000),
    ]


def test_the_same_folder_again_changes_nothing_and_says_so(db: Session, folder: Folder) -> None:
    path = everything(folder).seal()
    take(db, path)

    assert take(db, path).status == "unchanged"
    assert [r.status for r in db.exec(select(ImportRun)).all()] == ["done", "unchanged"]

    forced = take(db, path, force=True)
    assert {(c.new, c.changed, c.closed) for c in forced.counts.values()} == {(0, 0, 0)}
    assert len(db.exec(select(LedgerEntry)).all()) == 2


def test_a_refusal_names_file_line_column_and_value(db: Session, folder: Folder) -> None:
    folder.basics().put("bills.csv", {}, {"bill_no": "2", "due_date": "2027-02-30"})
    with pytest.raises(Refused) as refused:
        take(db, folder.seal())
    fault = refused.value.faults.kept[0]
    assert (fault.file_name, fault.line, fault.column, fault.value) == (
        "bills.csv",
        3,
        "due_date",
        "2027-02-30",
    )
