"""The whole audit, for administrators: who did what to whom. Looking somebody up is an act too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, false, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from portal.domain.accounts.rules import typed_number
from portal.domain.audit import operations
from portal.domain.audit.queries import between, read_days
from portal.domain.identity.actor import Actor
from portal.domain.staff.policy import require_administrator
from portal.kit.paging import PAGE, Paged, last_page, page_of
from portal.models.accounts import Account, Customer, Tenure
from portal.models.audit import AuditEvent
from portal.models.identity import User

# What an act is about besides a person and a place, by the name it is noted under.
_NOTES = ("words", "bill_no", "reference", "provider", "rights")


@dataclass(frozen=True)
class Entry:
    """One act. `who` and `whom` are addresses, "" for the portal, a stranger, nobody."""

    at: datetime
    act: str
    who: str
    role: str
    whom: str
    account_no: str
    cid: str
    customer_id: UUID | None
    ip: str
    note: str


@dataclass(frozen=True)
class Looked:
    """What the audit is narrowed to: an act's name, an address, a number, two days; "" for all."""

    act: str = ""
    person: str = ""
    number: str = ""
    begin: str = ""
    end: str = ""


def entries(
    session: Session, actor: Actor, asked: Looked, page_claim: str, today: date
) -> Paged[Entry]:
    """Return a page of the audit, newest first; whoever is looked up can read that it was done.

    An address or a number that is not known finds nothing. Raises NotAllowed, and DomainError
    for dates.
    """
    require_administrator(actor)
    which = and_(true(), *_conditions(session, actor, asked, today))
    total = session.execute(select(func.count()).select_from(AuditEvent).where(which)).scalar_one()
    page = min(page_of(page_claim), last_page(total))
    doer, other = aliased(User), aliased(User)
    rows = session.execute(
        select(
            AuditEvent,
            func.coalesce(doer.email, "").label("who"),
            func.coalesce(other.email, "").label("whom"),
            func.coalesce(col(Account.account_no), "").label("account_no"),
            func.coalesce(col(Customer.cid), "").label("cid"),
        )
        .outerjoin(doer, col(doer.id) == col(AuditEvent.actor_user_id))
        .outerjoin(other, col(other.id) == col(AuditEvent.subject_user_id))
        .outerjoin(Account, col(Account.id) == col(AuditEvent.account_id))
        .outerjoin(Customer, col(Customer.id) == col(AuditEvent.customer_id))
        .where(which)
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    return Paged(tuple(_entry(row) for row in rows), page, last_page(total), total)


def _entry(row: Row[Any]) -> Entry:
    event: AuditEvent = row[0]
    return Entry(
        at=event.at,  # type: ignore[arg-type]
        act=event.act,
        who=row.who,
        role=event.actor_role,
        whom=row.whom if event.subject_user_id != event.actor_user_id else "",
        account_no=row.account_no,
        cid=row.cid,
        customer_id=event.customer_id,
        ip=event.ip,
        note=", ".join(str(event.detail[name]) for name in _NOTES if event.detail.get(name)),
    )


def _conditions(
    session: Session, actor: Actor, asked: Looked, today: date
) -> Sequence[ColumnElement[bool]]:
    found = between(*read_days(asked.begin, asked.end))
    if asked.act:
        found.append(col(AuditEvent.act) == asked.act)
    if asked.person.strip():
        found.append(_of_person(session, actor, asked.person.strip()))
    if asked.number.strip():
        found.append(_of_number(session, actor, asked.number, today))
    return found


def _of_person(session: Session, actor: Actor, email: str) -> ColumnElement[bool]:
    same = func.lower(col(User.email)) == email.lower()
    user_id = session.execute(select(col(User.id)).where(same)).scalar_one_or_none()
    if user_id is None:
        return false()
    operations.record(session, actor, "staff.view_audit", subject_user_id=user_id)
    event = AuditEvent
    return or_(col(event.actor_user_id) == user_id, col(event.subject_user_id) == user_id)


def _of_number(session: Session, actor: Actor, typed: str, today: date) -> ColumnElement[bool]:
    """Return what touches the accounts and customers of a number, and note each look at one."""
    number = typed_number(typed).lstrip("0")
    if not number:
        return false()
    lives = and_(
        col(Tenure.start_date) <= today,
        or_(col(Tenure.stop_date).is_(None), col(Tenure.stop_date) > today),
    )
    accounts = session.execute(
        select(col(Account.id), col(Tenure.customer_id))
        .outerjoin(Tenure, and_(col(Tenure.account_id) == col(Account.id), lives))
        .where(col(Account.match_no) == number)
    ).all()
    customers = session.scalars(
        select(col(Customer.id)).where(col(Customer.match_no) == number)
    ).all()
    for account_id, customer_id in {(one[0], one[1]) for one in accounts}:
        operations.record(
            session, actor, "staff.view_audit", account_id=account_id, customer_id=customer_id
        )
    for customer_id in customers:
        operations.record(session, actor, "staff.view_audit", customer_id=customer_id)
    return or_(
        col(AuditEvent.account_id).in_({one[0] for one in accounts}),
        col(AuditEvent.customer_id).in_(customers),
    )
