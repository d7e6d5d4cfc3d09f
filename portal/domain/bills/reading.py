"""Rows of bills, lines and reads, read set by set: the queries behind every bill screen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Subquery, and_, or_, select
from sqlmodel import Session, col

from portal.domain.accounts.policy import OpenAccount
from portal.domain.bills.balance import credit_column, owed_column, unbooked_column
from portal.domain.bills.policy import of_account
from portal.domain.bills.rules import Charge, ReadLine, Standing, standing
from portal.kit.ids import BillId
from portal.models.accounts import Read
from portal.models.bills import Bill, BillLine


@dataclass(frozen=True)
class BillLook:
    """A bill in a list; amounts in cents.

    `owed` is what may still be paid, `credit` what the city owes, `unbooked` what was paid here
    and the billing system has not booked yet. `payable` is the actor's permission and something
    to pay.
    """

    bill_id: BillId
    bill_year: int
    category: int
    bill_no: str
    statement_date: date
    due_date: date
    charges: int
    owed: int
    credit: int
    unbooked: int
    standing: Standing
    payable: bool

    @property
    def balance(self) -> int:
        """Cents to show as Balance Due: negative for a credit."""
        return self.owed or -self.credit


def looks(
    session: Session, opened: OpenAccount, today: date, *, liened_payable: bool
) -> list[BillLook]:
    """Return every bill that the opened account shows, newest statement first; one query.

    A void bill went away and is left out. Numbers repeat and do not sort by date: the statement
    date does.
    """
    seen = of_account(opened).subquery()
    rows = session.execute(
        select(Bill, seen.c.may_pay, owed_column(), credit_column(), unbooked_column())
        .join(seen, seen.c.bill_id == col(Bill.id))
        .where(col(Bill.status) != "VOID")
        .order_by(
            col(Bill.statement_date).desc(),
            col(Bill.bill_year).desc(),
            col(Bill.bill_no),
            col(Bill.category),
        )
    ).all()
    return [
        BillLook(
            BillId(bill.id),
            bill.bill_year,
            bill.category,
            bill.bill_no,
            bill.statement_date,
            bill.due_date,
            bill.billed_cents,
            owed,
            credit,
            unbooked,
            standing(bill.status, bill.due_date, owed, credit, today),
            owed > 0 and may_pay and (bill.status != "LIENED" or liened_payable),
        )
        for bill, may_pay, owed, credit, unbooked in rows
    ]


def charges_of(session: Session, bill_ids: Collection[UUID]) -> dict[UUID, list[Charge]]:
    """Return each bill's charges in the order of its lines; one query."""
    found: dict[UUID, list[Charge]] = {}
    rows = session.scalars(
        select(BillLine)
        .where(col(BillLine.bill_id).in_(bill_ids))
        .order_by(col(BillLine.bill_id), col(BillLine.line))
    )
    for line in rows:
        found.setdefault(line.bill_id, []).append(
            Charge(
                line.charge_code,
                line.service_code,
                line.description,
                line.qty,
                line.unit,
                line.rate,
                line.original_cents,
            )
        )
    return found


def reads_of(session: Session, bills: Sequence[Bill]) -> dict[UUID, list[ReadLine]]:
    """Return each bill's reads, with those of a meter's exchange in its period; one query.

    Bills of one account. A read belongs to the bill it names; the two rows of an exchange may
    name none, then the bill whose period holds them.
    """
    if not bills:
        return {}
    account_id = bills[0].account_id
    named = [
        and_(
            col(Read.bill_year) == bill.bill_year,
            col(Read.category) == bill.category,
            col(Read.bill_no) == bill.bill_no,
        )
        for bill in bills
    ]
    loose = and_(col(Read.bill_no) == "", col(Read.transaction).in_(("REPLACE_OUT", "REPLACE_IN")))
    rows = session.scalars(
        select(Read)
        .where(col(Read.account_id) == account_id, or_(loose, *named))
        .order_by(
            col(Read.service_code),
            col(Read.read_date),
            col(Read.transaction).desc(),
            col(Read.serial_no),
        )
    ).all()
    found: dict[UUID, list[ReadLine]] = {bill.id: [] for bill in bills}
    for read in rows:
        for bill in bills:
            ours = (read.bill_year, read.category, read.bill_no) == (
                bill.bill_year,
                bill.category,
                bill.bill_no,
            )
            inside = (
                read.bill_no == ""
                and bill.period_from is not None
                and bill.period_to is not None
                and bill.period_from < read.read_date <= bill.period_to
            )
            if ours or inside:
                found[bill.id].append(read_line(read))
    return found


def read_line(read: Read) -> ReadLine:
    """Return a stored read as a screen takes it."""
    return ReadLine(
        read.service_code,
        read.serial_no,
        read.prev_read_date,
        read.read_date,
        read.prev_read,
        read.curr_read,
        read.actual_usage,
        read.billed_usage,
        read.unit,
        read.read_code,
        read.estimated,
        read.transaction,
    )


def before(session: Session, bill: Bill, seen: Subquery, since: date) -> list[Bill]:
    """Return the bills of the same place, payer and category from `since` to `bill`, newest first.

    `seen` are the bills the actor's link opens: comparison and history look at no others.
    """
    return list(
        session.scalars(
            select(Bill)
            .where(
                col(Bill.account_id) == bill.account_id,
                col(Bill.id).in_(select(seen.c.bill_id)),
                col(Bill.customer_id) == bill.customer_id,
                col(Bill.category) == bill.category,
                col(Bill.status) != "VOID",
                col(Bill.statement_date) >= since,
                or_(
                    col(Bill.statement_date) < bill.statement_date,
                    col(Bill.id) == bill.id,
                ),
            )
            .order_by(col(Bill.statement_date).desc(), col(Bill.id))
        )
    )
