"""Writing the audit: in the same transaction as the act."""

from uuid import UUID

from sqlmodel import Session

from portal.domain.identity.actor import Actor
from portal.models.audit import AuditEvent


def record(
    session: Session,
    actor: Actor,
    act: str,
    *,
    subject_user_id: UUID | None = None,
    account_id: UUID | None = None,
    customer_id: UUID | None = None,
    payment_id: UUID | None = None,
    **detail: str | int | bool | None,
) -> None:
    """Note that `actor` did `act` ("link.create"); `detail` holds no secret and no card digit."""
    session.add(
        AuditEvent(
            actor_user_id=actor.user_id,
            actor_role=actor.role,
            act=act,
            subject_user_id=subject_user_id,
            account_id=account_id,
            customer_id=customer_id,
            payment_id=payment_id,
            ip=actor.ip,
            detail=dict(detail),
        )
    )
