"""What a resident's links open: the one gate to an account's bills, reads and usage.

A link holds the account, or lets a delegate pay or view (`AccountLink.rights`). Whether it is in
force is asked of the database's clock, so that a delegate's access ends on time in every query.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from portal.domain.identity.actor import Actor
from portal.kit.errors import NotAllowed, NotFound
from portal.kit.ids import AccountId, CustomerId, parse_id
from portal.kit.text import N_
from portal.models.accounts import Account, Customer, Tenure
from portal.models.identity import AccountLink

HOLD, PAY, VIEW = "hold", "pay", "view"


def in_force() -> ColumnElement[bool]:
    """True of an AccountLink that opens its account now."""
    ends = col(AccountLink.ends_at)
    return and_(col(AccountLink.removed_at).is_(None), or_(ends.is_(None), ends > func.now()))


def lets_pay() -> ColumnElement[bool]:
    """True of an AccountLink whose owner may pay bills."""
    return col(AccountLink.rights).in_((HOLD, PAY))


@dataclass(frozen=True)
class Stay:
    """A tenure, half-open: `stop` is the first day that no longer belongs (None: still there).

    `delivery` is how its bills come: MAIL, EMAIL or BOTH.
    """

    start: date
    stop: date | None
    relation: str
    responsible: bool
    delivery: str = "MAIL"

    def covers(self, day: date) -> bool:
        """True when `day` belongs to the stay."""
        return self.start <= day and (self.stop is None or day < self.stop)


@dataclass(frozen=True)
class OpenAccount:
    """An account that the actor's link opens, for one customer's stays there and no other time.

    `stays`: at least one, the newest last.
    """

    account_id: AccountId
    customer_id: CustomerId
    account: Account
    customer: Customer
    stays: tuple[Stay, ...]
    rights: str

    @property
    def pair(self) -> tuple[UUID, UUID]:
        """The account and the customer, as what is noted of them names both."""
        return self.account_id, self.customer_id

    @property
    def holds(self) -> bool:
        """True for a holder: one who linked with the numbers of a bill, no delegate."""
        return self.rights == HOLD

    @property
    def may_pay(self) -> bool:
        """True for a holder and for a delegate who may pay."""
        return self.rights in (HOLD, PAY)

    def covers(self, day: date) -> bool:
        """True when `day` belongs to one of the customer's stays."""
        return any(stay.covers(day) for stay in self.stays)

    def current(self, today: date) -> Stay | None:
        """Return the stay that holds today, or None for one who moved out."""
        return next((stay for stay in self.stays if stay.covers(today)), None)

    def is_over(self, today: date) -> bool:
        """True for one who moved out and does not come back, as far as the books know."""
        return self.left_on(today) is not None

    def left_on(self, today: date) -> date | None:
        """Return the first day that is no longer theirs, for one who moved out for good."""
        stops = [stay.stop for stay in self.stays if stay.stop is not None]
        gone = len(stops) == len(self.stays) and max(stops) <= today
        return max(stops) if gone else None


def holds(session: Session, user_id: UUID | None, account_id: UUID, customer_id: UUID) -> bool:
    """True for one who holds the account for that customer now."""
    tie = select(AccountLink.id).where(
        AccountLink.user_id == user_id,
        AccountLink.account_id == account_id,
        AccountLink.customer_id == customer_id,
        AccountLink.rights == HOLD,
        in_force(),
    )
    return session.exec(tie).first() is not None


def opened_accounts(session: Session, actor: Actor) -> list[OpenAccount]:
    """Return every account that the actor's links open, by service address; one query."""
    return _opened(session, actor)


def _opened(session: Session, actor: Actor, *only: ColumnElement[bool]) -> list[OpenAccount]:
    if not actor.is_resident:
        return []
    rows = session.exec(
        select(Account, Customer, Tenure, AccountLink.rights)
        .join(AccountLink, col(AccountLink.account_id) == Account.id)
        .join(Customer, col(Customer.id) == AccountLink.customer_id)
        .join(
            Tenure,
            (col(Tenure.account_id) == Account.id) & (col(Tenure.customer_id) == Customer.id),
        )
        .where(AccountLink.user_id == actor.user_id, in_force(), *only)
        .order_by(
            col(Account.service_address),
            col(Account.account_no),
            col(Customer.cid),
            col(Tenure.start_date),
        )
    ).all()
    grouped: dict[tuple[object, object], list[tuple[Account, Customer, Tenure, str]]] = {}
    for row in rows:
        grouped.setdefault((row[0].id, row[1].id), []).append(row)
    return [
        OpenAccount(
            AccountId(group[0][0].id),
            CustomerId(group[0][1].id),
            group[0][0],
            group[0][1],
            tuple(
                Stay(t.start_date, t.stop_date, t.relation, t.responsible, t.delivery)
                for _, _, t, _ in group
            ),
            group[0][3],
        )
        for group in grouped.values()
    ]


def opened(session: Session, actor: Actor, account_claim: object) -> OpenAccount:
    """Return the account a browser names, if the actor's links open it.

    Raises NotFound, the same for unknown and foreign.
    """
    account_id = parse_id(account_claim)
    # One account is asked for, and not found among all: a landlord has five hundred.
    found = _opened(session, actor, col(Account.id) == account_id) if account_id else []
    if found:
        return found[0]
    raise NotFound(N_("We could not find that account among the ones linked to your sign-in."))


def held(session: Session, actor: Actor, account_claim: object) -> OpenAccount:
    """Return the account a browser names, if the actor holds it.

    Raises NotFound as `opened` does, and NotAllowed for a delegate.
    """
    account = opened(session, actor, account_claim)
    if not account.holds:
        raise NotAllowed(
            N_("This account was shared with you. Only those who hold it can do this.")
        )
    return account
