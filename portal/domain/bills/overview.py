"""Every account of a sign-in with what it owes, in one query: a landlord has five hundred."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, and_, case, cast, func, null, select
from sqlmodel import Session, col

from portal.cities import city
from portal.domain.accounts.policy import HOLD, in_force
from portal.domain.accounts.rules import match_no
from portal.domain.audit import operations as audit
from portal.domain.bills.balance import OWING, credit_column, owed_column
from portal.domain.bills.policy import of_actor
from portal.domain.identity.actor import Actor
from portal.domain.sharing.rules import street_of
from portal.kit.ids import AccountId, BillId, CustomerId
from portal.models.accounts import Account, Customer, Tenure
from portal.models.bills import Bill
from portal.models.identity import AccountLink

_BREAKS = re.compile(r"\W+")
GROUPS = ("", "customer", "street", "district")


@dataclass(frozen=True)
class Place:
    """One account, in cents. `stop` is the first day that is no longer the customer's, if any.

    `due_date` is the earliest day to pay by among bills that owe, None where nothing is owed.
    """

    link_id: UUID
    account_id: AccountId
    customer_id: CustomerId
    account_no: str
    cid: str
    customer_name: str
    service_address: str
    street: str
    district: str
    rights: str
    ends_at: datetime | None
    stop: date | None
    due: int
    past_due: int
    due_date: date | None

    @property
    def holds(self) -> bool:
        """True where the account is not only shared with the actor."""
        return self.rights == HOLD


def overview(session: Session, actor: Actor, today: date) -> list[Place]:
    """Return every account that the actor's links open, by address, with what it owes `today`."""
    seen = of_actor(actor).where(col(Bill.status).in_(("CREDIT", *OWING))).subquery()
    bills = (
        select(
            seen.c.account_id,
            seen.c.viewer_id,
            col(Bill.due_date).label("due_date"),
            owed_column(),
            credit_column(),
        )
        .join(seen, seen.c.bill_id == col(Bill.id))
        .subquery()
    )
    owes = bills.c.owed_cents > 0
    sums = (
        select(
            bills.c.account_id,
            bills.c.viewer_id,
            func.sum(bills.c.owed_cents).label("owed"),
            func.sum(bills.c.credit_cents).label("credit"),
            func.sum(bills.c.owed_cents).filter(bills.c.due_date < today).label("past_due"),
            func.min(bills.c.due_date).filter(owes).label("due_date"),
        )
        .group_by(bills.c.account_id, bills.c.viewer_id)
        # Once for all accounts: PostgreSQL expects one row here, and would sum all for each.
        .cte("sums")
        .prefix_with("MATERIALIZED")
    )
    own = and_(
        col(AccountLink.user_id) == (actor.user_id if actor.is_resident else None), in_force()
    )
    gone = func.bool_or(col(Tenure.stop_date).is_(None))
    stays = (
        select(
            col(Tenure.account_id).label("account_id"),
            col(Tenure.customer_id).label("customer_id"),
            case((gone, cast(null(), Date)), else_=func.max(col(Tenure.stop_date))).label("stop"),
        )
        .join(
            AccountLink,
            and_(
                col(AccountLink.account_id) == col(Tenure.account_id),
                col(AccountLink.customer_id) == col(Tenure.customer_id),
            ),
        )
        .where(own)
        .group_by(col(Tenure.account_id), col(Tenure.customer_id))
        .subquery()
    )
    tie = and_(
        col(AccountLink.account_id) == stays.c.account_id,
        col(AccountLink.customer_id) == stays.c.customer_id,
    )
    rows = session.execute(
        select(
            col(AccountLink.id),
            col(Account.id),
            col(Customer.id),
            col(Account.account_no),
            col(Customer.cid),
            col(Customer.name1),
            col(Customer.name2),
            col(Account.service_address),
            col(Account.unit),
            col(Account.district),
            col(AccountLink.rights),
            col(AccountLink.ends_at),
            stays.c.stop,
            func.coalesce(sums.c.owed, 0),
            func.coalesce(sums.c.credit, 0),
            func.coalesce(sums.c.past_due, 0),
            sums.c.due_date,
        )
        .select_from(AccountLink)
        .join(stays, tie)
        .join(Account, col(Account.id) == col(AccountLink.account_id))
        .join(Customer, col(Customer.id) == col(AccountLink.customer_id))
        .outerjoin(
            sums,
            and_(
                sums.c.account_id == col(AccountLink.account_id),
                sums.c.viewer_id == col(AccountLink.customer_id),
            ),
        )
        .where(own)
        .order_by(col(Account.service_address), col(Account.account_no), col(Customer.cid))
    ).all()
    return [
        Place(
            link_id, AccountId(account_id), CustomerId(customer_id), number, cid,
            " ".join(filter(None, (name1, name2))), f"{address} {unit}".strip(),
            street_of(address), district, rights, ends_at, stop,
            max(int(owed) - int(credit), 0), int(past), due,
        )
        for (
            link_id, account_id, customer_id, number, cid, name1, name2, address, unit, district,
            rights, ends_at, stop, owed, credit, past, due,
        ) in rows
    ]  # fmt: skip


def search(places: Sequence[Place], words: str) -> list[Place]:
    """Return the places in whose number, name or address a word begins with each of `words`."""
    wanted = list(filter(None, _BREAKS.split(words.casefold())))
    bare = match_no(words).casefold()

    def meant(place: Place) -> bool:
        if bare and bare in (match_no(place.account_no).casefold(), match_no(place.cid).casefold()):
            return True
        text = f"{place.account_no} {place.cid} {place.customer_name} {place.service_address}"
        own = _BREAKS.split(text.casefold())
        return all(any(one.startswith(word) for one in own) for word in wanted)

    return [place for place in places if meant(place)]


def group_of(place: Place, group: str) -> str:
    """Return what a place is grouped under: its payer, its street, its district, or nothing."""
    named = {
        "customer": f"{place.customer_name} ({place.cid})",
        "street": place.street,
        "district": place.district,
    }
    return named.get(group, "")


def arrange(places: Sequence[Place], sort: str, group: str) -> list[Place]:
    """Return the places by group, and inside of it by address or by what is due, most first."""
    ordered = sorted(places, key=lambda place: -place.due) if sort == "due" else list(places)
    return sorted(ordered, key=lambda place: group_of(place, group).casefold())


def note_download(session: Session, actor: Actor, places: Sequence[Place]) -> None:
    """Note that the actor took the list of these places with them, for each one's holders too."""
    audit.record(session, actor, "account.list", subject_user_id=actor.user_id)
    pairs = [(place.account_id, place.customer_id) for place in places]
    audit.look(session, actor, "account.listed", pairs)


def due_bills(session: Session, actor: Actor, places: Sequence[Place]) -> list[BillId]:
    """Return the bills of these places that owe and that the actor may pay, the oldest first."""
    seen = of_actor(actor).where(col(Bill.status).in_(OWING)).subquery()
    payable = OWING if city().payments.liened_allowed else ("OPEN",)
    bills = (
        select(col(Bill.id), col(Bill.due_date), col(Bill.bill_no), owed_column())
        .join(seen, seen.c.bill_id == col(Bill.id))
        .where(
            seen.c.may_pay,
            seen.c.account_id.in_([place.account_id for place in places]),
            col(Bill.status).in_(payable),
        )
        .distinct()
        .subquery()
    )
    rows = session.execute(
        select(bills.c.id)
        .where(bills.c.owed_cents > 0)
        .order_by(bills.c.due_date, bills.c.bill_no, bills.c.id)
    )
    return [BillId(bill_id) for bill_id in rows.scalars()]
