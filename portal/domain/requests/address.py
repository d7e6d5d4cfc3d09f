"""Request Change of Address: asked by a resident, decided by staff, then told to billing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.domain.accounts.policy import OpenAccount, held
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.identity.permission import ADMINISTRATOR, STAFF
from portal.domain.identity.sessions import demand_fresh
from portal.domain.requests import mails
from portal.domain.requests.rules import (
    NOTE_LONGEST,
    Address,
    new_reference,
    one_line,
    read_address,
)
from portal.domain.requests.states import RequestStatus, move
from portal.kit.errors import DomainError, NotAllowed, NotFound, read_all
from portal.kit.ids import AccountId, CustomerId, UserId, parse_id
from portal.kit.text import N_, _
from portal.models.accounts import Account, Customer
from portal.models.exchange import ContactRequest
from portal.models.identity import User

REASON_LONGEST = 300
_COLUMNS = ("addr1", "addr2", "city", "state", "zip")


@dataclass(frozen=True)
class AddressRequest:
    """A request as its resident and the staff see it. `changed`: (column, old, new)."""

    request_id: UUID
    reference: str
    status: str
    changed: tuple[tuple[str, str, str], ...]
    note: str
    requested_at: datetime
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True)
class AddressPage:
    """The account, the address on file and what was asked for, newest first."""

    account_id: AccountId
    account_no: str
    service_address: str
    name: str
    now: Address
    requests: tuple[AddressRequest, ...]

    @property
    def waiting(self) -> AddressRequest | None:
        """The request that staff have not decided yet."""
        return next((r for r in self.requests if r.status == "received"), None)


@dataclass(frozen=True)
class StaffRequest:
    """A request on the staff's list."""

    request: AddressRequest
    account_id: AccountId
    customer_id: CustomerId
    user_id: UserId
    account_no: str
    service_address: str
    cid: str
    name: str
    requested_by: str


def _view(row: ContactRequest) -> AddressRequest:
    return AddressRequest(
        row.id,
        row.reference,
        row.status,
        # The database keeps the columns in an order of its own; people read an envelope's.
        tuple(
            (name, str(row.fields[name][0]), str(row.fields[name][1]))
            for name in _COLUMNS
            if name in row.fields
        ),
        row.note,
        row.requested_at,
        row.decided_at,
        row.reason,
    )


def _on_file(customer: Customer) -> Address:
    return Address(customer.addr1, customer.addr2, customer.city, customer.state, customer.zip)


def address(session: Session, actor: Actor, account_claim: object) -> AddressPage:
    """Return the address on file and the requests. Raises NotFound for a foreign account."""
    account = held(session, actor, account_claim)
    rows = session.exec(
        select(ContactRequest)
        .where(
            ContactRequest.account_id == account.account_id,
            ContactRequest.customer_id == account.customer_id,
        )
        .order_by(col(ContactRequest.requested_at).desc(), col(ContactRequest.id))
        .limit(10)
    ).all()
    return AddressPage(
        account.account_id,
        account.account.account_no,
        account.account.service_address,
        account.customer.name1,
        _on_file(account.customer),
        tuple(_view(row) for row in rows),
    )


def check_address(page: AddressPage, typed: Mapping[str, str]) -> Address:
    """Read a wished address before it is confirmed. Raises DomainError with what to mend."""
    if page.waiting:
        raise DomainError(
            N_("Your request %(reference)s is still being looked at. You can send another after."),
            reference=page.waiting.reference,
        )
    wished: Address
    wished, _note = read_all(lambda: read_address(typed), lambda: _read_note(typed))
    if wished == page.now:
        raise DomainError(N_("This is the address we have already."), field="addr1")
    return wished


def _read_note(typed: Mapping[str, str]) -> str:
    note = typed.get("note", "")
    if len(note) > NOTE_LONGEST:
        raise DomainError(N_("Use at most %(n)s characters."), field="note", n=NOTE_LONGEST)
    return one_line(note)


def request_address(
    session: Session,
    actor: Actor,
    account_claim: object,
    typed: Mapping[str, str],
    *,
    now: datetime,
) -> AddressRequest:
    """Record the request with a reference and confirm it by mail.

    Raises NotFound, FreshSignInNeeded, Problems, and DomainError while an earlier one waits.
    """
    account = held(session, actor, account_claim)
    demand_fresh(actor, now)
    page = address(session, actor, account_claim)
    wished = check_address(page, typed)
    row = _insert(session, actor, account, page, wished, typed, now)
    audit.record(
        session,
        actor,
        "request.address",
        account_id=account.account_id,
        customer_id=account.customer_id,
        reference=row.reference,
    )
    mails.address_requested(session, session.get_one(User, actor.user_id), account.account, row)
    return _view(row)


def _insert(
    session: Session,
    actor: Actor,
    account: OpenAccount,
    page: AddressPage,
    wished: Address,
    typed: Mapping[str, str],
    now: datetime,
) -> ContactRequest:
    old, new = asdict(page.now), asdict(wished)
    row = ContactRequest(
        reference=new_reference(),
        account_id=account.account_id,
        customer_id=account.customer_id,
        user_id=session.get_one(User, actor.user_id).id,
        fields={name: [old[name], new[name]] for name in new if old[name] != new[name]},
        note=_read_note(typed),
        requested_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        # The other tab was first: the database allows one open request a customer and place.
        raise DomainError(
            N_("A request for this account was just sent. Load the page again to see it.")
        ) from None
    return row


def waiting_requests(session: Session, actor: Actor) -> list[StaffRequest]:
    """Return the requests to decide, oldest first. Raises NotAllowed for others than staff."""
    if not STAFF.allows(actor):
        raise NotAllowed(N_("Only staff may see this."))
    rows = session.exec(
        select(ContactRequest, Account, Customer, User)
        .join(Account, col(Account.id) == ContactRequest.account_id)
        .join(Customer, col(Customer.id) == ContactRequest.customer_id)
        .join(User, col(User.id) == ContactRequest.user_id)
        .where(ContactRequest.status == RequestStatus.RECEIVED.value)
        .order_by(col(ContactRequest.requested_at), col(ContactRequest.id))
    ).all()
    masked = not ADMINISTRATOR.allows(actor)
    return [
        _for_staff(row, account, customer, user, masked=masked and customer.confidential)
        for row, account, customer, user in rows
    ]


def _for_staff(
    row: ContactRequest, account: Account, customer: Customer, user: User, *, masked: bool
) -> StaffRequest:
    """Return the request; a viewer sees no name and address of a confidential customer."""
    seen, hidden = _view(row), _("Not shown (confidential)")
    if masked:
        changed = tuple((name, hidden, hidden) for name, _old, _new in seen.changed)
        seen = replace(seen, changed=changed, note="")
    return StaffRequest(
        seen,
        AccountId(account.id),
        CustomerId(customer.id),
        UserId(user.id),
        account.account_no,
        hidden if masked else account.service_address,
        customer.cid,
        hidden if masked else customer.name1,
        hidden if masked else user.email,
    )


def approve(session: Session, actor: Actor, request_claim: object, *, now: datetime) -> None:
    """Approve: the change leaves with the next batch. Raises NotAllowed, NotFound, DomainError."""
    _decide(session, actor, request_claim, RequestStatus.APPROVED, "", now)


def decline(
    session: Session, actor: Actor, request_claim: object, reason: str, *, now: datetime
) -> None:
    """Decline with a reason, which the resident reads. Raises as `approve`."""
    told, field = one_line(reason), f"reason-{request_claim}"
    if not told:
        raise DomainError(N_("Write why: the resident reads it."), field=field)
    if len(told) > REASON_LONGEST:
        raise DomainError(N_("Use at most %(n)s characters."), field=field, n=REASON_LONGEST)
    _decide(session, actor, request_claim, RequestStatus.DECLINED, told, now)


def _decide(
    session: Session,
    actor: Actor,
    request_claim: object,
    after: RequestStatus,
    reason: str,
    now: datetime,
) -> None:
    if not ADMINISTRATOR.allows(actor):
        raise NotAllowed(N_("Only an administrator may decide requests."))
    request_id = parse_id(request_claim)
    row = session.get(ContactRequest, request_id) if request_id else None
    if row is None:
        raise NotFound(N_("We could not find that request."))
    if not move(session, actor, row.id, RequestStatus.RECEIVED, after, now, reason=reason):
        raise DomainError(N_("That request was decided already."))
    session.refresh(row)
    mails.address_decided(
        session, session.get_one(User, row.user_id), session.get_one(Account, row.account_id), row
    )
