"""I don't have my numbers: a resident asks, staff compare with the records and send them.

Nothing is looked up when it is asked, so the answer tells nothing. The numbers leave by ways that
the records name, never by one that the request names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from portal.domain.audit import operations as audit
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import ip_key
from portal.domain.identity.permission import ADMINISTRATOR, STAFF
from portal.domain.requests import mails
from portal.domain.requests.rules import new_reference, one_line
from portal.kit.errors import DomainError, NotAllowed, NotFound, Problems
from portal.kit.ids import parse_id
from portal.kit.text import N_
from portal.models.identity import NumbersRequest, User

WAYS = ("mail", "call")
_LONGEST = 120


@dataclass(frozen=True)
class Waiting:
    """A request on the staff's list."""

    request_id: UUID
    reference: str
    name: str
    address: str
    way: str
    requested_at: datetime
    requested_by: str


def ask(session: Session, actor: Actor, typed: Mapping[str, str], *, now: datetime) -> str:
    """Record the request, confirm it by mail and return its number.

    Raises NotAllowed for who is no resident, Problems, DomainError for who asked too often.
    """
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to do this."))
    name, address = one_line(typed.get("name", "")), one_line(typed.get("address", ""))
    way = typed.get("way", "")
    _demand(name, address, way)
    mine, network = f"numbers:{actor.user_id}", f"numbers-ip:{ip_key(actor.ip)}"
    window = limits.NUMBERS_WINDOW
    asked = throttles.tally(session, mine, window, now)
    asked_ip = throttles.tally(session, network, window, now)
    if asked > limits.NUMBERS_A_DAY or asked_ip > limits.NUMBERS_A_DAY_IP:
        raise DomainError(
            N_("You asked several times already. We are looking at it; please call us."),
            code="too_many",
        )
    user = session.get_one(User, actor.user_id)
    row = NumbersRequest(
        reference=new_reference("NR"),
        user_id=user.id,
        name=name,
        address=address,
        way=way,
        requested_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, actor, "request.numbers", subject_user_id=user.id, reference=row.reference
    )
    mails.numbers_requested(session, user, row)
    return row.reference


def _demand(name: str, address: str, way: str) -> None:
    faults = []
    if not name:
        faults.append(DomainError(N_("Enter the name on the bill."), field="name"))
    if not address:
        faults.append(DomainError(N_("Enter the service address."), field="address"))
    for field, text in (("name", name), ("address", address)):
        if len(text) > _LONGEST:
            faults.append(DomainError(N_("Use at most %(n)s characters."), field=field, n=_LONGEST))
    if way not in WAYS:
        faults.append(DomainError(N_("Choose how we shall give you the numbers."), field="way"))
    if faults:
        raise Problems(faults)


def waiting(session: Session, actor: Actor) -> list[Waiting]:
    """Return what waits, oldest first. Raises NotAllowed for others than staff."""
    if not STAFF.allows(actor):
        raise NotAllowed(N_("Only staff may see this."))
    rows = session.exec(
        select(NumbersRequest, User)
        .join(User, col(User.id) == NumbersRequest.user_id)
        .where(col(NumbersRequest.done_at).is_(None))
        .order_by(col(NumbersRequest.requested_at), col(NumbersRequest.id))
        .limit(100)
    ).all()
    return [
        Waiting(r.id, r.reference, r.name, r.address, r.way, r.requested_at, user.email)
        for r, user in rows
    ]


def done(session: Session, actor: Actor, request_claim: object, *, now: datetime) -> None:
    """Take a request off the list. Raises NotAllowed, NotFound."""
    if not ADMINISTRATOR.allows(actor):
        raise NotAllowed(N_("Only an administrator may decide requests."))
    request_id = parse_id(request_claim)
    ended = session.exec(
        update(NumbersRequest)
        .where(col(NumbersRequest.id) == request_id, col(NumbersRequest.done_at).is_(None))
        .values(done_at=now, done_by=actor.user_id)
        .returning(col(NumbersRequest.user_id), col(NumbersRequest.reference))
        .execution_options(synchronize_session="fetch")
    ).one_or_none()
    if ended is None:
        raise NotFound(N_("We could not find that request."))
    audit.record(
        session, actor, "request.numbers_done", subject_user_id=ended[0], reference=ended[1]
    )
