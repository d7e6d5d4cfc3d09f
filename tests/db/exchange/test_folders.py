"""Folders in: what they change, what refuses them."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from portal.domain.exchange.faults import NoManifest
from portal.domain.exchange.operations import record_refusal
from portal.domain.staff import lists
from portal.kit.errors import NotAllowed
from portal.kit.text import speaking
from portal.models.accounts import Account, Customer, Meter, Read, Service, Tenure
from portal.models.bills import Bill, BillActivity, BillInstallment, BillLine
from portal.models.exchange import ImportRun
from portal.models.payments import LedgerEntry
from portal.models.property import Licence, Parcel, Vehicle
from tests.db.exchange.taking import NOW, only_fault, refusal, take
from tests.exchange_folder import Folder, text_of
from tests.factories import actor, user


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
    assert sorted(r.status for r in db.exec(select(ImportRun)).all()) == ["done", "unchanged"]

    forced = take(db, path, force=True)
    assert {(c.new, c.changed, c.closed) for c in forced.counts.values()} == {(0, 0, 0)}
    assert len(db.exec(select(LedgerEntry)).all()) == 2


def test_a_refusal_names_file_line_column_and_value(db: Session, folder: Folder) -> None:
    folder.basics().put("bills.csv", {}, {"bill_no": "2", "due_date": "2027-02-30"})
    assert only_fault(db, folder.seal()) == ("bills.csv", 3, "due_date", "2027-02-30")
    assert db.exec(select(Account)).all() == []


# The manifest


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"rows": "2"}, "customers.csv: the manifest says 2 rows, the file has 1"),
        ({"sha256": "0" * 64}, "customers.csv: the manifest says sha256 0000"),
        ({"sha256": "abc"}, "line 2, column sha256: abc"),
        ({"rows": "-1"}, "line 2, column rows: -1"),
        ({"money_total": "1.00"}, "line 2, column money_total: 1.00"),
        ({"mode": "full"}, "line 2, column mode: full"),
        ({"as_of": "2027-01-25"}, "line 2, column as_of: 2027-01-25"),
        ({"as_of": "2027-01-25T10:00:00"}, "column as_of"),
        ({"as_of": "2027-02-30T10:00:00Z"}, "column as_of"),
        ({"file": "../customers.csv"}, "line 2: ../customers.csv is no file of the exchange"),
        ({"file": "images/../x.pdf"}, "is no file of the exchange"),
        ({"file": "other.csv"}, "other.csv is no file of the exchange"),
        ({"file": "services.csv"}, "services.csv is listed in manifest.csv and absent"),
    ],
)
def test_a_manifest_that_is_wrong_refuses(
    db: Session, folder: Folder, facts: dict[str, str], words: str
) -> None:
    folder.raw("customers.csv", text_of("customers.csv", [{}]).encode(), **facts)
    assert words in str(refusal(db, folder.seal()))


def test_a_money_total_that_differs_names_both_figures(db: Session, folder: Folder) -> None:
    folder.basics()
    folder.raw("bills.csv", text_of("bills.csv", [{}]).encode(), money_total="100.01")
    assert str(refusal(db, folder.seal())) == (
        "bills.csv: by the manifest balance totals 100.01, in the file 100.00."
    )


def test_a_folder_without_manifest_is_not_touched(db: Session, folder: Folder) -> None:
    folder.basics().seal()
    (folder.path / "manifest.csv").unlink()
    assert isinstance(refusal(db, folder.path), NoManifest)


def test_a_csv_that_is_not_listed_refuses(db: Session, folder: Folder) -> None:
    path = folder.basics().seal()
    (path / "Extra.CSV").write_text("a\n")
    (path / "notes.txt").write_text("a\n")
    assert "Extra.CSV is in the folder and not listed" in str(refusal(db, path))


def test_a_file_listed_twice_refuses(db: Session, folder: Folder) -> None:
    path = folder.basics().seal()
    manifest = path / "manifest.csv"
    manifest.write_text(manifest.read_text() + manifest.read_text().splitlines()[1] + "\n")
    assert "accounts.csv is listed twice" in str(refusal(db, path))


def test_a_link_in_place_of_a_file_refuses(db: Session, folder: Folder, tmp_path: Path) -> None:
    path = folder.basics().seal()
    (path / "meters.csv").rename(tmp_path / "elsewhere.csv")
    (path / "meters.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert "meters.csv is listed in manifest.csv and absent" in str(refusal(db, path))


def test_a_refusal_is_recorded_for_the_staff(db: Session, folder: Folder) -> None:
    folder.basics().put("bills.csv", {"due_date": "soon"}, {"bill_no": "2", "balance": "1E+9"})
    path = folder.raw("bills.csv", folder.files["bills.csv"], money_total="0.00").seal()
    record_refusal(db, path, refusal(db, path), now=NOW)
    staff = actor(user(db, role="viewer"))
    (report,) = lists.imports(db, staff).rows
    assert (report.status, report.faults, report.source) == ("refused", 2, "night")
    assert report.reason == "2 rows at fault, nothing was imported."
    faults = lists.import_run(db, staff, str(report.run_id)).faults.rows
    assert [(f.file, f.line, f.column, f.value, f.message) for f in faults] == [
        ("bills.csv", 2, "due_date", "soon", "is not a date"),
        ("bills.csv", 3, "balance", "1E+9", "is not an amount with two decimals"),
    ]
    with pytest.raises(NotAllowed):
        lists.imports(db, actor(user(db)))


def test_staff_read_rows_at_fault_and_notes_in_their_language(db: Session, folder: Folder) -> None:
    folder.basics().put("bills.csv", {"cid": "777"}, {"bill_no": "2", "extra": "1"})
    take(db, folder.seal(), skip=True)
    staff = actor(user(db, role="viewer"))
    (report,) = lists.imports(db, staff).rows
    with speaking("es"):
        page = lists.import_run(db, staff, str(report.run_id))
    assert [f.message for f in page.faults.rows] == ["no está en customers.csv ni estaba guardado"]
    assert "bills.csv: no se tomaron en cuenta las columnas extra" in page.notes


# References, keys, sums


@pytest.mark.parametrize(
    ("name", "row", "place"),
    [
        ("bills.csv", {"cid": "777"}, ("bills.csv", 2, "cid", "777")),
        ("bills.csv", {"account_no": "9"}, ("bills.csv", 2, "account_no", "9")),
        ("bills.csv", {"paid": "1.00"}, ("bills.csv", 2, "balance", "100.00")),
        ("reads.csv", {"account_no": "9"}, ("reads.csv", 2, "account_no", "9")),
        ("payments.csv", {"bill_no": "9"}, ("payments.csv", 2, "bill_no", "9")),
        ("bill_lines.csv", {"category": "20"}, ("bill_lines.csv", 2, "bill_no", "000123")),
        (
            "bill_lines.csv",
            {"original": "99.99"},
            ("bills.csv", 2, "billed", "100.00"),
        ),
        ("bill_lines.csv", {"balance": "1.00"}, ("bills.csv", 2, "balance", "100.00")),
        (
            "bill_installments.csv",
            {"pay_by": "2027-02-09"},
            ("bills.csv", 2, "due_date", "2027-02-08"),
        ),
        (
            "bill_installments.csv",
            {"credits": "1.00"},
            ("bill_installments.csv", 2, "balance", "100.00"),
        ),
        (
            "services.csv",
            {"stop_date": "2019-12-31"},
            ("services.csv", 2, "stop_date", "2019-12-31"),
        ),
        ("vehicles.csv", {"cid": "777"}, ("vehicles.csv", 2, "cid", "777")),
    ],
)
def test_what_only_the_other_rows_can_tell(
    db: Session, folder: Folder, name: str, row: dict[str, str], place: tuple[str, int, str, str]
) -> None:
    folder.basics().put("bills.csv", {}).put(name, row)
    assert only_fault(db, folder.seal()) == place


def test_a_key_sent_twice_refuses_the_second(db: Session, folder: Folder) -> None:
    folder.basics().put("customers.csv", {}, {"cid": "2"}, {"name1": "OTHER"})
    assert only_fault(db, folder.seal()) == ("customers.csv", 4, "cid", "100001")


def test_lines_alone_are_held_against_the_stored_bill(
    db: Session, folder: Folder, tmp_path: Path
) -> None:
    take(db, folder.basics().put("bills.csv", {}).put("bill_lines.csv", {}).seal())
    later = Folder(tmp_path / "later").put("bill_lines.csv", {"line": "2"}, mode="DELTA")
    assert only_fault(db, later.seal("2027-01-26T23:30:00-08:00"))[:3] == (
        "bill_lines.csv",
        2,
        "balance",
    )
