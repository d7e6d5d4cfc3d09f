"""Who looked at my account: a resident's own acts, and what touched the accounts they hold.

Three rules, in SQL: an act is the reader's own, or was done to them; or it names a customer at an
account that they hold now, at a time that is that customer's there; and `acts` lets them read it.
A delegate holds nothing, and so reads their own acts alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Row,
    Select,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from portal.cities import city
from portal.domain.accounts.policy import HOLD, OpenAccount, in_force, opened_accounts
from portal.domain.audit import operations
from portal.domain.audit.acts import ACTS, Kind, Readers, of, of_kind
from portal.domain.identity import devices
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import masked
from portal.kit.clock import day_bounds
from portal.kit.errors import DomainError, NotAllowed, NotFound, read_all
from portal.kit.ids import AccountId, parse_id
from portal.kit.paging import PAGE, last_page, page_of
from portal.kit.text import N_, _, short_day
from portal.models.accounts import Account, Tenure
from portal.models.audit import AuditEvent
from portal.models.bills import Bill
from portal.models.identity import AccountLink, User
from portal.models.payments import PaymentItem

MOST = 5_000  # rows of a file
STAFF = "staff"
SHOWN = ("", Kind.SIGN_INS, STAFF, Kind.PEOPLE, Kind.FILES)
_STAFF_ROLES = ("viewer", "administrator")


@dataclass(frozen=True)
class Event:
    """One line of the log, in the language being spoken. `browser`, `network`: of own doings."""

    at: datetime
    said: str
    account_no: str
    browser: str
    network: str


@dataclass(frozen=True)
class Asked:
    """What the log is narrowed to: instants are half-open, None where a side is open."""

    show: str
    account: AccountId | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Activity:
    """A page of the log, and the accounts that it can be narrowed to: id, number, address."""

    events: tuple[Event, ...]
    page: int
    last: int
    total: int
    places: tuple[tuple[AccountId, str, str], ...]


def activity(
    session: Session,
    actor: Actor,
    show: str,
    account_claim: str,
    begin: str,
    end: str,
    page_claim: object = "",
) -> Activity:
    """Return a page of the actor's log, newest first; three statements.

    Raises NotAllowed, NotFound for an account that is not linked, DomainError for dates.
    """
    places = _linked(session, actor)
    mine = _mine(actor, _asked(places, show, account_claim, begin, end))
    total = session.execute(select(func.count()).select_from(mine.subquery())).scalar_one()
    last = last_page(total)
    page = min(page_of(page_claim), last)
    return Activity(
        _events(session, actor, mine, PAGE, (page - 1) * PAGE),
        page,
        last,
        total,
        tuple(
            (
                one.account_id,
                one.account.account_no,
                f"{one.account.service_address} {one.account.unit}".strip(),
            )
            for one in places
        ),
    )


def taken(
    session: Session, actor: Actor, show: str, account_claim: str, begin: str, end: str
) -> tuple[Event, ...]:
    """Return the newest rows of the log for a file, and note that it was taken.

    Raises as `activity` does.
    """
    asked = _asked(_linked(session, actor), show, account_claim, begin, end)
    found = _events(session, actor, _mine(actor, asked), MOST, 0)
    operations.record(session, actor, "activity.download", subject_user_id=actor.user_id)
    return found


def _linked(session: Session, actor: Actor) -> list[OpenAccount]:
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to do this."))
    return opened_accounts(session, actor)


def _asked(
    places: Sequence[OpenAccount], show: str, account_claim: str, begin: str, end: str
) -> Asked:
    account_id = parse_id(account_claim)
    if account_claim and account_id not in [one.account_id for one in places]:
        raise NotFound(N_("We could not find that account among the ones linked to your sign-in."))
    since, until = read_days(begin, end)
    return Asked(
        show if show in SHOWN else "",
        AccountId(account_id) if account_id is not None else None,
        since,
        until,
    )


def read_days(begin: str, end: str) -> tuple[datetime | None, datetime | None]:
    """Return the half-open instants between two of the city's days, both meant; "" is open.

    Raises DomainError with each field at fault.
    """
    first, last = read_all(lambda: _day(begin, "begin"), lambda: _day(end, "end"))
    if first and last and last < first:
        raise DomainError(
            N_("End Date must be the same as Beginning Date or after it."), field="end"
        )
    zone = city().zone
    return (
        day_bounds(first, zone)[0] if first else None,
        day_bounds(last, zone)[1] if last else None,
    )


def _day(typed: str, field: str) -> date | None:
    if not typed.strip():
        return None
    try:
        found = date.fromisoformat(typed.strip())
    except ValueError:
        found = date.min
    # A year that has neighbours: instants are reckoned around it.
    if not 1900 <= found.year <= 2999:
        raise DomainError(N_("Enter a date, or leave it empty."), field=field)
    return found


def between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions on an event's instant."""
    at = col(AuditEvent.at)
    return [*([at >= since] if since else []), *([at < until] if until else [])]


def _mine(actor: Actor, asked: Asked) -> Select[tuple[UUID, datetime, bool]]:
    """Return (id, at, held) of each event that the actor reads; `held`: of an account they hold.

    Each branch is answered from an index of its own; a union, because an OR over them is not.
    """
    me, event = actor.user_id, AuditEvent
    narrowed = [*between(asked.since, asked.until), *_shown(asked.show, me)]
    named = [col(event.account_id) == asked.account] if asked.account else []
    own = col(event.act).in_(of(Readers.OWN, Readers.HOLDERS))
    branches = [
        # Not what this person once did as staff.
        select(col(event.id), col(event.at), literal(False).label("held")).where(
            col(event.actor_user_id) == me,
            col(event.actor_role).not_in(_STAFF_ROLES), own, *named, *narrowed,
        ),
        select(col(event.id), col(event.at), literal(False)).where(
            col(event.subject_user_id) == me, own, *named, *narrowed
        ),
    ]  # fmt: skip
    held = _held(actor, asked.account).cte("held")
    theirs = or_(
        col(event.act).in_(of(Readers.HOLDERS)),
        and_(col(event.act).in_(of(Readers.OTHERS)), col(event.actor_user_id).is_distinct_from(me)),
    )
    in_time = [col(event.at) >= held.c.since, col(event.at) < held.c.until]
    # What touches a customer at no account, as a look at the record, is every holder's.
    at_account = or_(col(event.account_id) == held.c.account_id, col(event.account_id).is_(None))
    branches += [
        select(col(event.id), col(event.at), literal(True))
        .join(held, col(event.customer_id) == held.c.customer_id)
        .where(at_account, *in_time, theirs, *narrowed),
        select(col(event.id), col(event.at), literal(True))
        .join(PaymentItem, col(PaymentItem.payment_id) == col(event.payment_id))
        .join(Bill, col(Bill.id) == col(PaymentItem.bill_id))
        .join(
            held,
            and_(
                col(Bill.account_id) == held.c.account_id,
                col(Bill.customer_id) == held.c.customer_id,
            ),
        )
        .where(*in_time, theirs, *narrowed),
    ]
    every = union_all(*branches).subquery()
    held_too = func.bool_or(every.c.held).label("held")
    return select(every.c.id, every.c.at, held_too).group_by(every.c.id, every.c.at)


def _held(actor: Actor, account_id: AccountId | None) -> Select[tuple[UUID, UUID, object, object]]:
    """Return (account, customer, since, until) of each stay that the actor holds, in instants."""
    midnight = DateTime(timezone=False)
    zone = city().zone.key
    stop = func.coalesce(col(Tenure.stop_date), cast(literal("infinity"), Date))
    return (
        select(
            col(Tenure.account_id).label("account_id"),
            col(Tenure.customer_id).label("customer_id"),
            func.timezone(zone, cast(col(Tenure.start_date), midnight)).label("since"),
            func.timezone(zone, cast(stop, midnight)).label("until"),
        )
        .join(
            AccountLink,
            and_(
                col(AccountLink.account_id) == col(Tenure.account_id),
                col(AccountLink.customer_id) == col(Tenure.customer_id),
            ),
        )
        .where(
            col(AccountLink.user_id) == actor.user_id,
            col(AccountLink.rights) == HOLD,
            in_force(),
            *([col(Tenure.account_id) == account_id] if account_id else []),
        )
    )


def _shown(show: str, me: UUID | None) -> list[ColumnElement[bool]]:
    act, role = col(AuditEvent.act), col(AuditEvent.actor_role)
    if show == STAFF:
        return [role.in_(_STAFF_ROLES)]
    if show == Kind.PEOPLE:
        another = and_(role == "resident", col(AuditEvent.actor_user_id) != me)
        return [or_(act.in_(of_kind(Kind.PEOPLE)), another)]
    return [act.in_(of_kind(Kind(show)))] if show else []


def _events(
    session: Session,
    actor: Actor,
    mine: Select[tuple[UUID, datetime, bool]],
    limit: int,
    offset: int,
) -> tuple[Event, ...]:
    doer, other = aliased(User), aliased(User)
    # The page is cut before anything is joined to it.
    cut = mine.order_by(text("at DESC"), text("id DESC")).limit(limit).offset(offset)
    found = cut.subquery()
    rows = session.execute(
        select(
            AuditEvent,
            found.c.held,
            func.coalesce(col(Account.account_no), _paid_at(actor), "").label("account_no"),
            doer.email.label("doer"),  # type: ignore[attr-defined]
            doer.status.label("doer_status"),  # type: ignore[attr-defined]
            other.email.label("other"),  # type: ignore[attr-defined]
            other.status.label("other_status"),  # type: ignore[attr-defined]
        )
        .join(found, found.c.id == col(AuditEvent.id))
        .outerjoin(Account, col(Account.id) == col(AuditEvent.account_id))
        .outerjoin(doer, col(doer.id) == col(AuditEvent.actor_user_id))
        .outerjoin(other, col(other.id) == col(AuditEvent.subject_user_id))
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
    ).all()
    return tuple(_event(row, actor) for row in rows)


def _paid_at(actor: Actor) -> ColumnElement[str]:
    """Return the numbers of a payment's accounts: all of one's own, of another's those held."""
    held = _held(actor, None).subquery()
    pair = tuple_(col(Bill.account_id), col(Bill.customer_id))
    own = col(AuditEvent.actor_user_id) == actor.user_id
    return (
        select(func.string_agg(func.distinct(col(Account.account_no)), ", "))
        .select_from(PaymentItem)
        .join(Bill, col(Bill.id) == col(PaymentItem.bill_id))
        .join(Account, col(Account.id) == col(Bill.account_id))
        .where(
            col(PaymentItem.payment_id) == col(AuditEvent.payment_id),
            or_(own, pair.in_(select(held.c.account_id, held.c.customer_id))),
        )
        .correlate(AuditEvent)
        .scalar_subquery()
    )


def _event(row: Row[tuple[object, ...]], actor: Actor) -> Event:
    event: AuditEvent = row[0]  # type: ignore[assignment]
    act, me, subject = ACTS[event.act], actor.user_id, event.subject_user_id
    sentence = act.said
    if subject is not None and subject != event.actor_user_id:
        sentence = (act.to_you if subject == me else act.of_other) or act.said
    # Where one is from one knows; where a stranger guessed from may help; others' is their own.
    is_own = event.actor_user_id == me or (event.actor_user_id is None and subject == me)
    browser = str(event.detail.get("browser", "")) if is_own else ""
    return Event(
        event.at,  # type: ignore[arg-type]
        _(
            sentence,
            who=_who(event, me, row.doer, row.doer_status, held=row.held),
            whom=_person(row.other, row.other_status, held=row.held),
            bill=_bill(event.detail),
        ),
        row.account_no,
        devices.named(browser) if browser else "",
        devices.short_ip(event.ip) if is_own else "",
    )


def _who(event: AuditEvent, me: UUID | None, email: str, status: str, *, held: bool) -> str:
    if event.actor_role in _STAFF_ROLES:
        return _("City staff")
    if event.actor_role == "system":
        return _("The portal")
    if event.actor_user_id is None:
        return _("Somebody")
    if event.actor_user_id == me:
        return _("You")
    name = _person(email, status, held=held)
    return name if "@" in name else name[:1].upper() + name[1:]


def _person(email: str | None, status: str | None, *, held: bool) -> str:
    """Name somebody else as the People page does, to one who sees that page and to nobody else."""
    if not held or email is None:
        return _("somebody else with the account")
    return masked(email) if status != "closed" else _("somebody whose sign-in is closed")


def _bill(detail: dict[str, str]) -> str:
    number, dated = str(detail.get("bill_no", "")), str(detail.get("bill_date", ""))
    if not dated:
        return number
    return _("%(bill)s of %(day)s", bill=number, day=short_day(date.fromisoformat(dated)))
