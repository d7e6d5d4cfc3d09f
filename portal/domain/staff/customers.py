"""One page a customer, one a sign-in: what the city holds and what the portal knows of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from portal.domain.accounts.masking import Person, person, sees_confidential
from portal.domain.accounts.policy import in_force
from portal.domain.audit import operations as audit
from portal.domain.bills.balance import credit_column, owed_column, unbooked_column
from portal.domain.bills.rules import Standing, standing
from portal.domain.identity import factors, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import user_bucket
from portal.domain.settings import email_change
from portal.domain.staff.policy import require_staff
from portal.domain.staff.records import MessageRow, PaymentRow, hidden, messages, payment_rows
from portal.kit.errors import NotFound
from portal.kit.ids import parse_id
from portal.kit.paging import Paged, last_page, page_of
from portal.kit.text import N_
from portal.models.accounts import Account, Customer, Tenure
from portal.models.audit import AuditEvent
from portal.models.bills import Bill
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.payments import Payment, PaymentItem

BILLS = 12


@dataclass(frozen=True)
class StayRow:
    """A customer's time at a place."""

    account_no: str
    service_address: str
    relation: str
    responsible: bool
    start: date
    stop: date | None
    delivery: str
    eft: bool


@dataclass(frozen=True)
class BillRow:
    """A bill; cents, less what the portal took and the books do not show yet.

    `bill_id` leads to its print; None for a bill that is about no account.
    """

    bill_id: UUID | None
    number: str
    account_no: str
    statement: date
    due: date
    billed: int
    owed: int
    credit: int
    unbooked: int
    standing: Standing


@dataclass(frozen=True)
class LinkRow:
    """A sign-in's tie to an account."""

    link_id: UUID
    account_no: str
    cid: str
    customer_id: UUID
    since: datetime


@dataclass(frozen=True)
class SignInRow:
    """A resident's sign-in and its links; `locked_until` while wrong passwords lock it.

    `new_email`: the address asked for, while the old mailbox has not confirmed it.
    """

    user_id: UUID
    email: str
    name: str
    status: str
    created: datetime
    activated: datetime | None
    last_sign_in: datetime | None
    last_failed: datetime | None
    locked_until: datetime | None
    factors: factors.Factors
    links: tuple[LinkRow, ...]
    new_email: str = ""


@dataclass(frozen=True)
class AuditRow:
    """Who did what, when."""

    at: datetime
    who: str
    role: str
    act: str


@dataclass(frozen=True)
class CustomerPage:
    """Everything about one customer. `cents_owed` is summed over all bills."""

    customer_id: UUID
    person: Person
    phone: str
    email: str
    active: bool
    confidential: bool
    stays: tuple[StayRow, ...]
    sign_ins: tuple[SignInRow, ...]
    bills: Paged[BillRow]
    cents_owed: int
    payments: tuple[PaymentRow, ...]
    messages: tuple[MessageRow, ...]
    audit: tuple[AuditRow, ...]


@dataclass(frozen=True)
class SignInPage:
    """One resident's sign-in with its payments, messages and history."""

    sign_in: SignInRow
    payments: tuple[PaymentRow, ...]
    messages: tuple[MessageRow, ...]
    audit: tuple[AuditRow, ...]


def view_customer(
    session: Session, actor: Actor, claim: object, page: object, now: datetime, today: date
) -> CustomerPage:
    """Return one customer with a page of the bills, and note who looked. Raises NotFound.

    A viewer sees a confidential customer's numbers, bills and payments, not name and address.
    """
    require_staff(actor)
    customer_id = parse_id(claim)
    customer = session.get(Customer, customer_id) if customer_id is not None else None
    if customer is None:
        raise NotFound(N_("No customer is known by that address. Search again."))
    audit.record(session, actor, "staff.view_customer", customer_id=customer.id)
    masked = customer.confidential and not sees_confidential(actor)
    users = session.scalars(
        select(User)
        .where(
            col(User.id).in_(
                select(col(AccountLink.user_id)).where(
                    col(AccountLink.customer_id) == customer.id,
                    in_force(),
                )
            )
        )
        .order_by(col(User.email))
    ).all()
    bills, owed = _bills(session, customer.id, page, today)
    their_ids = [user.id for user in users]
    about = or_(
        col(Mail.user_id).in_(their_ids),
        (col(Mail.to_address) == customer.email) & (col(Mail.to_address) != ""),
    )
    return CustomerPage(
        customer.id,
        person(customer, masked=masked),
        "" if masked else customer.phone,
        "" if masked else customer.email,
        customer.status == "A",
        customer.confidential,
        _stays(session, customer.id, masked=masked),
        () if masked else tuple(sign_in_row(session, user, now) for user in users),
        bills,
        owed,
        _payments(session, actor, _pays_for(customer.id)),
        () if masked else messages(session, actor, about),
        _history(session, _touched(customer.id, their_ids), masked=masked),
    )


def view_sign_in(session: Session, actor: Actor, claim: object, now: datetime) -> SignInPage:
    """Return one resident's sign-in and note who looked. Raises NotFound; staff are not shown."""
    user = resident(session, actor, claim)
    audit.record(session, actor, "staff.view_sign_in", subject_user_id=user.id)
    shown = sign_in_row(session, user, now)
    masked = not sees_confidential(actor) and _is_confidential(session, shown)
    if masked:
        shown = replace(shown, name=hidden(), email=hidden(), new_email="")
    return SignInPage(
        shown,
        _payments(session, actor, col(Payment.user_id) == user.id),
        messages(session, actor, col(Mail.user_id) == user.id),
        _history(session, col(AuditEvent.subject_user_id) == user.id, masked=masked),
    )


def _is_confidential(session: Session, shown: SignInRow) -> bool:
    """True where the sign-in has linked a confidential customer's account."""
    payers = [tie.customer_id for tie in shown.links]
    found = select(col(Customer.id)).where(
        col(Customer.id).in_(payers), col(Customer.confidential).is_(True)
    )
    return session.execute(found.limit(1)).first() is not None


def resident(session: Session, actor: Actor, claim: object) -> User:
    """Return the resident's sign-in that a browser names. Raises NotFound and NotAllowed."""
    require_staff(actor)
    user_id = parse_id(claim)
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.role != "resident":
        raise NotFound(N_("No sign-in is known by that address. Search again."))
    return user


def sign_in_row(session: Session, user: User, now: datetime) -> SignInRow:
    """Return a resident's sign-in with its present links."""
    ties = session.execute(
        select(AccountLink, col(Account.account_no), col(Customer.cid))
        .join(Account, col(Account.id) == col(AccountLink.account_id))
        .join(Customer, col(Customer.id) == col(AccountLink.customer_id))
        .where(col(AccountLink.user_id) == user.id, in_force())
        .order_by(col(Account.account_no), col(Customer.cid))
    ).all()
    return SignInRow(
        user.id,
        user.email,
        f"{user.first_name} {user.last_name}".strip(),
        user.status,
        user.created_at or now,
        user.activated_at,
        user.last_sign_in_at,
        user.last_failed_sign_in_at,
        throttles.locked_until(session, user_bucket(user.email), now),
        factors.of(session, user),
        tuple(
            LinkRow(tie.id, account_no, cid, tie.customer_id, tie.created_at or now)
            for tie, account_no, cid in ties
        ),
        email_change.unconfirmed(session, user, now),
    )


def _stays(session: Session, customer_id: UUID, *, masked: bool) -> tuple[StayRow, ...]:
    rows = session.execute(
        select(Tenure, Account)
        .join(Account, col(Account.id) == col(Tenure.account_id))
        .where(col(Tenure.customer_id) == customer_id)
        .order_by(
            col(Tenure.stop_date).is_not(None),
            col(Tenure.start_date).desc(),
            col(Account.account_no),
        )
    ).all()
    return tuple(
        StayRow(
            account.account_no,
            "" if masked else " ".join(filter(None, (account.service_address, account.unit))),
            tenure.relation,
            tenure.responsible,
            tenure.start_date,
            tenure.stop_date,
            tenure.delivery,
            tenure.eft_enrolled,
        )
        for tenure, account in rows
    )


def _bills(
    session: Session, customer_id: UUID, page_claim: object, today: date
) -> tuple[Paged[BillRow], int]:
    mine = col(Bill.customer_id) == customer_id
    owed = owed_column()
    summed = session.execute(
        select(func.count(), func.coalesce(func.sum(owed), 0)).select_from(Bill).where(mine)
    ).one()
    last = last_page(summed[0], BILLS)
    page = min(page_of(page_claim), last)
    rows = session.execute(
        select(Bill, col(Account.account_no), owed, credit_column(), unbooked_column())
        .outerjoin(Account, col(Account.id) == col(Bill.account_id))
        .where(mine)
        .order_by(col(Bill.statement_date).desc(), col(Bill.bill_no), col(Bill.id))
        .limit(BILLS)
        .offset((page - 1) * BILLS)
    ).all()
    bills = tuple(
        BillRow(
            bill.id if account_no else None,
            bill.bill_no,
            account_no or bill.property_code,
            bill.statement_date,
            bill.due_date,
            bill.billed_cents,
            cents,
            credit,
            unbooked,
            standing(bill.status, bill.due_date, cents, credit, today),
        )
        for bill, account_no, cents, credit, unbooked in rows
    )
    return Paged(bills, page, last, summed[0]), int(summed[1])


def _pays_for(customer_id: UUID) -> ColumnElement[bool]:
    return col(Payment.id).in_(
        select(col(PaymentItem.payment_id))
        .join(Bill, col(Bill.id) == col(PaymentItem.bill_id))
        .where(col(Bill.customer_id) == customer_id)
    )


def _payments(session: Session, actor: Actor, which: ColumnElement[bool]) -> tuple[PaymentRow, ...]:
    return payment_rows(session, actor, which, 40, 0)


def _touched(customer_id: UUID, user_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """True of an act that touched the customer, or one of their sign-ins and nobody else's."""
    of_sign_in = col(AuditEvent.subject_user_id).in_(user_ids)
    return or_(
        col(AuditEvent.customer_id) == customer_id,
        of_sign_in & col(AuditEvent.customer_id).is_(None),
    )


def _history(session: Session, which: ColumnElement[bool], *, masked: bool) -> tuple[AuditRow, ...]:
    rows = session.execute(
        select(AuditEvent, col(User.email))
        .outerjoin(User, col(User.id) == col(AuditEvent.actor_user_id))
        .where(which)
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
        .limit(20)
    ).all()
    return tuple(
        AuditRow(
            event.at,
            # Residents' own acts stand here beside the staff's.
            hidden() if masked and event.actor_role == "resident" else email or "",
            event.actor_role,
            event.act,
        )
        for event, email in rows
    )
