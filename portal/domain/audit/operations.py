"""Writing the audit: in the same transaction as the act."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from portal.cities import city
from portal.domain.audit.acts import ACTS, UNSHOWN
from portal.domain.identity.actor import Actor
from portal.models.audit import AuditEvent

Detail = str | int | bool | None


def record(
    session: Session,
    actor: Actor,
    act: str,
    *,
    subject_user_id: UUID | None = None,
    account_id: UUID | None = None,
    customer_id: UUID | None = None,
    payment_id: UUID | None = None,
    **detail: Detail,
) -> None:
    """Note that `actor` did `act` ("link.create"); `detail` holds no secret and no card digit.

    What touches an account names the customer as well: its holders read of it by both. Raises
    ValueError for an act that `acts` does not know: somebody has to say who reads of it.
    """
    _demand_known(act)
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


# The id says who, what and on which of the city's days: a second look of that day is the same row.
_LOOK = text(
    """
    INSERT INTO audit_event
      (id, actor_user_id, actor_role, act, account_id, customer_id, ip, detail)
    SELECT md5(concat_ws(' ', CAST(:what AS text), p.account_id, p.customer_id,
        (now() AT TIME ZONE :zone)::date))::uuid,
      CAST(:actor AS uuid), :role, :act, p.account_id, p.customer_id, :ip, CAST(:detail AS jsonb)
    FROM unnest(CAST(:accounts AS uuid[]), CAST(:customers AS uuid[])) p(account_id, customer_id)
    WHERE :always OR EXISTS (
      SELECT FROM account_link l
      WHERE l.account_id = p.account_id AND l.customer_id = p.customer_id
        AND l.user_id <> CAST(:actor AS uuid) AND l.rights = 'hold' AND l.removed_at IS NULL)
    ON CONFLICT (id) DO NOTHING
    """
)


def look(
    session: Session,
    actor: Actor,
    act: str,
    places: Sequence[tuple[UUID, UUID]],
    *,
    about: UUID | None = None,
    always: bool = False,
    **detail: Detail,
) -> None:
    """Note a resident's look at (account, customer) pairs where another holder can read of it.

    One statement; one row a person, act, account and day, and for each thing it is `about`. What
    nobody but the looker could read is not kept, unless `always`. Staff's looks are each recorded.
    """
    _demand_known(act)
    if not actor.is_resident or not places:
        return
    session.connection().execute(
        _LOOK,
        {
            "act": act,
            "actor": str(actor.user_id),
            "role": actor.role,
            "ip": actor.ip,
            "what": f"{actor.user_id} {act} {about}",
            "zone": city().zone.key,
            "always": always,
            "accounts": [str(account_id) for account_id, _ in places],
            "customers": [str(customer_id) for _, customer_id in places],
            "detail": json.dumps(detail),
        },
    )


def _demand_known(act: str) -> None:
    if act not in ACTS and act not in UNSHOWN:
        raise ValueError(f"nobody said who reads of {act}: see domain/audit/acts.py")
