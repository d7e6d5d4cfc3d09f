"""The ledger of what the portal collected: append-only, double entry, one booking a reference.

It holds the money that passes through the portal. What a bill is owed is said by the billing
system's own columns, the books of record. Each import books what it changed (`bill_import`,
docs/decisions/0004), so that a bill's receivable is its imported balance less what the portal
collected and the books do not show yet: what the bill still owes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, func, select

from portal.models.payments import LedgerEntry, LedgerTx

RECEIVABLE = "receivable"
CLEARING = "stripe_clearing"
CREDIT = "customer_credit"
TRANSIT = "ach_in_transit"


@dataclass(frozen=True)
class Side:
    """One side of a booking: debit positive, credit negative, in cents."""

    account: str
    cents: int
    bill_id: UUID | None = None


def book(
    session: Session,
    reference: str,
    kind: str,
    sides: Sequence[Side],
    *,
    effective_date: date,
    business_date: date,
    actor: str = "system",
) -> bool:
    """Book once for a reference and return whether this call did. Raises ValueError off balance.

    Two transactions that book the same reference meet at its unique index: one waits, then sees
    that it was done.
    """
    if sum(side.cents for side in sides) != 0:
        raise ValueError(f"{reference} does not sum to zero")
    tx_id = session.connection().scalar(
        insert(LedgerTx)
        .values(
            reference=reference,
            kind=kind,
            effective_date=effective_date,
            business_date=business_date,
            actor=actor,
        )
        .on_conflict_do_nothing(index_elements=["reference"])
        .returning(LedgerTx.__table__.c.id)  # type: ignore[attr-defined]
    )
    if tx_id is None:
        return False
    session.connection().execute(
        insert(LedgerEntry),
        [
            {
                "tx_id": tx_id,
                "ledger_account": side.account,
                "bill_id": side.bill_id,
                "amount_cents": side.cents,
            }
            for side in sides
            if side.cents
        ],
    )
    return True


def balance(session: Session, account: str) -> int:
    """Return the cents an account stands at: debits less credits."""
    return session.exec(
        select(func.coalesce(func.sum(LedgerEntry.amount_cents), 0)).where(
            LedgerEntry.ledger_account == account
        )
    ).one()
