"""The states of a request, which may follow which, and the one function that writes them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, update

from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.models.exchange import ContactRequest


class RequestStatus(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    APPROVED = "approved"
    DECLINED = "declined"


TRANSITIONS: dict[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.RECEIVED: frozenset({RequestStatus.APPROVED, RequestStatus.DECLINED}),
    RequestStatus.APPROVED: frozenset(),
    RequestStatus.DECLINED: frozenset(),
}


def move(
    session: Session,
    actor: Actor,
    request_id: UUID,
    before: RequestStatus,
    after: RequestStatus,
    now: datetime,
    *,
    reason: str = "",
) -> bool:
    """Write the status if it is still `before`; return whether it was. Audited.

    Raises ValueError for a transition that is not in the table.
    """
    if after not in TRANSITIONS[before]:
        raise ValueError(f"a request does not go from {before} to {after}")
    moved = session.exec(
        update(ContactRequest)
        .where(col(ContactRequest.id) == request_id, col(ContactRequest.status) == before.value)
        .values(status=after.value, decided_at=now, decided_by=actor.user_id, reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    if moved.rowcount != 1:
        return False
    about = session.get_one(ContactRequest, request_id)
    audit.record(
        session,
        actor,
        f"request.{after.value}",
        subject_user_id=about.user_id,
        account_id=about.account_id,
        customer_id=about.customer_id,
        request=str(request_id),
    )
    return True
