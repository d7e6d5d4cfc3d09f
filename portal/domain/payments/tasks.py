"""The staff's list: what a person at the city has to look at, once for a reference."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from portal.kit.ids import PaymentId
from portal.models.payments import StaffTask


def open_task(
    session: Session, kind: str, reference: str, detail: str, payment_id: PaymentId | None = None
) -> None:
    """Put something on the staff's list, once for a reference."""
    session.connection().execute(
        insert(StaffTask)
        .values(kind=kind, reference=reference, detail=detail, payment_id=payment_id)
        .on_conflict_do_nothing(index_elements=["reference"])
    )
