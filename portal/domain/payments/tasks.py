"""The staff's list: what a person at the city has to look at, once for a reference."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from portal.kit.ids import PaymentId
from portal.models.payments import StaffTask


def open_task(
    session: Session,
    kind: str,
    reference: str,
    detail: str,
    payment_id: PaymentId | None = None,
    **params: str | int,
) -> None:
    """Put something on the staff's list, once for a reference.

    `detail` is a message id whose places `params` fill when somebody reads it, in their language.
    """
    session.connection().execute(
        insert(StaffTask)
        .values(kind=kind, reference=reference, detail=detail, params=params, payment_id=payment_id)
        .on_conflict_do_nothing(index_elements=["reference"])
    )
