"""Which of the bills a browser names the actor sees, owes and may pay."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from portal.cities import city
from portal.domain.bills.balance import owed_column
from portal.domain.bills.policy import of_actor
from portal.domain.identity.actor import Actor
from portal.kit.ids import AccountId, BillId, CustomerId, parse_id
from portal.models.bills import Bill


@dataclass(frozen=True)
class PayableBill:
    """A bill the actor sees, with what it owes in cents and whether the actor may pay it.

    `account_id` is the linked account that opens it, `viewer_id` the linked customer there.
    """

    bill_id: BillId
    account_id: AccountId
    viewer_id: CustomerId
    bill_year: int
    category: int
    bill_no: str
    statement_date: date
    due_date: date
    status: str
    owed_cents: int
    may_pay: bool


def payable(
    session: Session, actor: Actor, bill_ids: Collection[object]
) -> dict[BillId, PayableBill]:
    """Return those of `bill_ids` (a browser's claims) that the actor sees; one query.

    Unknown and foreign ids are left out alike. `may_pay` is False for a copy who is not
    responsible and, unless the city allows it, for a liened bill. It says
    nothing of the amount: `owed_cents` may be 0.
    """
    claimed = [parse_id(str(claim)) for claim in bill_ids]
    wanted = [claim for claim in claimed if claim is not None]
    if not wanted or not actor.is_resident:
        return {}
    liened_payable = city().payments.liened_allowed
    seen = of_actor(actor).where(col(Bill.id).in_(wanted)).subquery()
    rows = session.execute(
        select(Bill, seen.c.account_id, seen.c.viewer_id, seen.c.may_pay, owed_column())
        .join(seen, seen.c.bill_id == col(Bill.id))
        # Two links may open one bill: the one that may pay is the one to show it under.
        .order_by(seen.c.may_pay, seen.c.account_id, seen.c.viewer_id, col(Bill.id))
    ).all()
    return {
        BillId(bill.id): PayableBill(
            BillId(bill.id),
            AccountId(account_id),
            CustomerId(viewer_id),
            bill.bill_year,
            bill.category,
            bill.bill_no,
            bill.statement_date,
            bill.due_date,
            bill.status,
            owed,
            may_pay and (bill.status != "LIENED" or liened_payable),
        )
        for bill, account_id, viewer_id, may_pay, owed in rows
    }
