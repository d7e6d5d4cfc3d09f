"""What a bill owes: the imported balance less our accepted payments not yet booked there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, select
from sqlmodel import Session, col

from portal.domain.accounts.policy import OpenAccount
from portal.domain.bills.policy import of_accounts
from portal.kit.ids import BillId
from portal.models.bills import Bill, BillActivity
from portal.models.payments import Payment, PaymentItem

ACCEPTED = ("succeeded", "processing")
OWING = ("OPEN", "LIENED")


def unbooked_column() -> ColumnElement[int]:
    """Return, for each `Bill` of the statement, cents paid here that the books do not show yet.

    A payment stops counting when an imported activity row carries its `portal_payment_id`, and not
    because a file arrived: a late file never makes a paid bill look unpaid, nor an early one
    deduct twice. What the bill did not need (`excess_cents`) was never its.
    """
    booked = (
        select(literal(1))
        .where(col(BillActivity.portal_payment_id) == col(PaymentItem.portal_payment_id))
        .exists()
    )
    paid = (
        select(
            func.coalesce(
                func.sum(col(PaymentItem.amount_cents) - col(PaymentItem.excess_cents)), 0
            )
        )
        .join(Payment, col(Payment.id) == col(PaymentItem.payment_id))
        .where(
            col(PaymentItem.bill_id) == col(Bill.id),
            col(Payment.status).in_(ACCEPTED),
            ~booked,
        )
        .correlate(Bill)
        .scalar_subquery()
    )
    # PostgreSQL's sum of integers is a numeric; cents are integers, here and wherever they go.
    return cast(paid, BigInteger)


def owed_column() -> ColumnElement[int]:
    """Return, for each `Bill` of the statement, the cents it owes: never below zero.

    Only OPEN and LIENED bills owe. Where the books took another payment while ours was on its way,
    the rest is theirs to return: it does not make the bill negative.
    """
    return case(
        (
            col(Bill.status).in_(OWING),
            func.greatest(col(Bill.balance_cents) - unbooked_column(), 0),
        ),
        else_=0,
    ).label("owed_cents")


def credit_column() -> ColumnElement[int]:
    """Return, for each `Bill` of the statement, the cents the city owes the customer on it."""
    return case(
        (col(Bill.status).in_(("CREDIT", *OWING)), func.greatest(-col(Bill.balance_cents), 0)),
        else_=0,
    ).label("credit_cents")


def owed_cents(session: Session, bill_ids: Collection[BillId]) -> dict[BillId, int]:
    """Return the cents each bill owes, in one query. Unknown ids are left out.

    It asks nobody's permission: callers hold ids they got from a policy.
    """
    if not bill_ids:
        return {}
    rows = session.execute(select(col(Bill.id), owed_column()).where(col(Bill.id).in_(bill_ids)))
    return {BillId(bill_id): owed for bill_id, owed in rows}


@dataclass(frozen=True)
class AmountDue:
    """What an account owes today, summed over all its bills, in cents.

    `owed` is the sum of OPEN and LIENED bills, `credit` (positive) the line taken off it, `liened`
    the part of `owed` that stands as a lien, `past_due` the part whose day has passed. `due_date`
    is the earliest pay-by day among bills that owe, None where nothing is owed.
    """

    owed: int
    credit: int
    liened: int
    past_due: int
    due_date: date | None
    bills: int

    @property
    def due_now(self) -> int:
        """Cents to pay now, after the credit: never below zero."""
        return max(self.owed - self.credit, 0)

    @property
    def credit_left(self) -> int:
        """Cents of credit that today's bills do not use up."""
        return max(self.credit - self.owed, 0)


def amount_due(rows: Collection[tuple[str, date, int, int]], today: date) -> AmountDue:
    """Sum (status, due_date, owed, credit) of every bill of an account."""
    owing = [row for row in rows if row[2] > 0]
    return AmountDue(
        owed=sum(owed for _, _, owed, _ in owing),
        credit=sum(credit for _, _, _, credit in rows),
        liened=sum(owed for status, _, owed, _ in owing if status == "LIENED"),
        past_due=sum(owed for _, due, owed, _ in owing if due < today),
        due_date=min((due for _, due, _, _ in owing), default=None),
        bills=len(owing),
    )


def amounts_due_now(
    session: Session, opened: Sequence[OpenAccount], today: date
) -> list[AmountDue]:
    """Return what each opened account owes `today`, over all its bills; one query."""
    seen = of_accounts(opened).subquery()
    rows = session.execute(
        select(
            seen.c.account_id,
            seen.c.viewer_id,
            col(Bill.status),
            col(Bill.due_date),
            owed_column(),
            credit_column(),
        )
        .join(seen, seen.c.bill_id == col(Bill.id))
        .where(col(Bill.status).in_(("CREDIT", *OWING)))
    ).all()
    of: dict[tuple[UUID, UUID], list[tuple[str, date, int, int]]] = {}
    for account_id, viewer_id, status, due, owed, credit in rows:
        of.setdefault((account_id, viewer_id), []).append((status, due, owed, credit))
    return [amount_due(of.get((one.account_id, one.customer_id), ()), today) for one in opened]


def amount_due_now(session: Session, opened: OpenAccount, today: date) -> AmountDue:
    """Return what the opened account owes `today`, over all its bills; one query."""
    return amounts_due_now(session, [opened], today)[0]
