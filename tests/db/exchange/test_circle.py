"""The whole circle: paid here, posted, booked there, imported; owed once and booked once."""

from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text
from sqlmodel import Session

from portal.domain.bills.balance import owed_cents
from portal.domain.exchange.operations import Options, import_folder
from portal.domain.exchange.postings import close_batch
from portal.kit.ids import BillId
from tests.db.exchange.taking import ZONE
from tests.db.payments.shop import Shop
from tests.exchange_folder import Folder

WEDNESDAY = date(2027, 1, 27)


def take(session: Session, path: Path, now: datetime) -> None:
    import_folder(session, path, Options(ZONE, path.parent / "data"), now=now)


def receivable(session: Session, bill: BillId) -> int:
    return session.execute(
        text(
            "SELECT coalesce(sum(amount_cents), 0)::bigint FROM ledger_entry"
            " WHERE ledger_account = 'receivable' AND bill_id = :bill"
        ),
        {"bill": bill},
    ).scalar_one()


def test_a_payment_counts_once_all_the_way_round(
    database: Engine, now: datetime, tmp_path: Path
) -> None:
    shop = Shop(database, now)
    ana, bills = shop.household(5000)
    bill = bills[0]
    with shop.begin() as session:
        known = session.execute(
            text(
                "SELECT b.bill_year, b.category, b.bill_no, c.cid, a.account_no FROM bill b"
                " JOIN customer c ON c.id = b.customer_id JOIN account a ON a.id = b.account_id"
            )
        ).one()
    key = {name: str(known._mapping[name]) for name in ("bill_year", "category", "bill_no")}
    books = {**key, "cid": known.cid, "account_no": known.account_no, "billed": "50.00"}

    def night(number: int, paid: str, balance: str, status: str) -> Folder:
        row = {"paid": paid, "balance": balance, "status": status}
        return Folder(tmp_path / f"night{number}").put("bills.csv", books | row, mode="DELTA")

    # The books' own first night: what is owed is a receivable.
    with shop.begin() as session:
        path = night(1, "0.00", "50.00", "OPEN").seal("2027-01-25T23:30:00-08:00")
        take(session, path, now)
        assert receivable(session, bill) == 5000
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    with shop.begin() as session:
        assert owed_cents(session, bills) == {bill: 0}
        batch = close_batch(session, WEDNESDAY, latest=WEDNESDAY, now=now + timedelta(days=1))
    assert (batch.rows, batch.pay_total) == (1, 5000)
    sent = batch.files["payment_posting.csv"].splitlines()[1].split(",")[3]

    # The books lag a night: still paid here. Then they have it: paid there, and counted once.
    for number, paid, balance, status, booked in (
        (2, "0.00", "50.00", "OPEN", False),
        (3, "50.00", "0.00", "PAID", True),
    ):
        folder = night(number, paid, balance, status)
        if booked:
            row = {**key, "portal_payment_id": sent, "amount": "-50.00", "source": "PORTAL"}
            folder.put("payments.csv", row, mode="DELTA")
        with shop.begin() as session:
            path = folder.seal(f"2027-01-2{5 + number}T23:30:00-08:00")
            take(session, path, now + timedelta(days=number))
            assert owed_cents(session, bills) == {bill: 0}
            assert receivable(session, bill) == 0
    assert shop.scalar("SELECT count(*) FROM staff_task") == 0
