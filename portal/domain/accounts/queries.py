"""What a resident sees of their links: the Accounts page, search results, remembered numbers."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from portal.cities import city
from portal.domain.accounts.policy import HOLD, OpenAccount, in_force, opened_accounts
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import masked
from portal.kit.clock import local_date
from portal.kit.ids import AccountId, CustomerId, parse_id
from portal.models.accounts import Account
from portal.models.identity import AccountLink, SavedSearch, User


@dataclass(frozen=True)
class Holder:
    """Somebody else who has the account: a masked address, and whether the actor may end it.

    `rights` is hold, pay or view; `ends_at` is when a delegate's access ends by itself.
    """

    link_id: UUID
    email: str
    since: date
    rights: str
    ends_at: datetime | None
    removable: bool


@dataclass(frozen=True)
class LinkedAccount:
    """One of the actor's links, with what lists show of it; a delegate sees no other holders."""

    link_id: UUID
    account_id: AccountId
    customer_id: CustomerId
    account_no: str
    cid: str
    customer_name: str
    service_address: str
    parcel_id: str
    email: str
    rights: str
    ends_at: datetime | None
    # The first day that is no longer the customer's, which may be to come; None while none is set.
    stop: date | None = None
    others: tuple[Holder, ...] = ()


@dataclass(frozen=True)
class SavedNumbers:
    """Remember these values: what the search form starts with."""

    account_no: str
    cid: str


def address_of(account: Account) -> str:
    """Return the service address on one line, with its unit."""
    return f"{account.service_address} {account.unit}".strip()


@dataclass(frozen=True)
class Named:
    """An account as a menu names it; `holds` is False for who has it shared."""

    account_no: str = ""
    address: str = ""
    has_others: bool = False
    holds: bool = False


def named(session: Session, actor: Actor, account_claim: object) -> Named:
    """Return how a menu names an account, and whether the actor has others beside it; one query.

    Empty words where the actor's links do not open it: a menu names an account, it refuses nobody.
    """
    account_id = parse_id(account_claim)
    if account_id is None or not actor.is_resident:
        return Named()
    mine = (col(AccountLink.user_id) == actor.user_id, in_force())
    others = select(func.count(func.distinct(col(AccountLink.account_id)))).where(*mine)
    found = session.exec(
        select(Account, AccountLink.rights, others.scalar_subquery())
        .join(AccountLink, col(AccountLink.account_id) == Account.id)
        .where(Account.id == account_id, *mine)
        .order_by((col(AccountLink.rights) == HOLD).desc(), col(AccountLink.id))
        .limit(1)
    ).first()
    if found is None:
        return Named()
    account, rights, count = found
    return Named(account.account_no, address_of(account), count > 1, rights == HOLD)


def linked(session: Session, actor: Actor) -> list[LinkedAccount]:
    """Return the actor's linked accounts by address, with who else has them; two queries."""
    opened = opened_accounts(session, actor)
    ties: dict[tuple[UUID, UUID], list[tuple[AccountLink, str]]] = {}
    for tie, email in session.exec(
        select(AccountLink, User.email)
        .join(User, col(User.id) == AccountLink.user_id)
        .where(
            col(AccountLink.account_id).in_([o.account_id for o in opened]),
            in_force(),
            User.status == "active",
        )
        .order_by(col(AccountLink.created_at), col(AccountLink.id))
    ).all():
        ties.setdefault((tie.account_id, tie.customer_id), []).append((tie, email))
    found = []
    for one in opened:
        here = ties.get((one.account_id, one.customer_id), [])
        own = next((tie for tie, _ in here if tie.user_id == actor.user_id), None)
        if own is None:
            continue
        others = tuple(
            Holder(
                tie.id,
                masked(email),
                local_date(_since(tie), city().zone),
                tie.rights,
                tie.ends_at,
                # A later holder, and any delegate.
                removable=tie.rights != HOLD or _since(tie) > _since(own),
            )
            for tie, email in here
            if one.holds and tie.user_id != actor.user_id
        )
        found.append(_view(own, one, others))
    return found


def _since(tie: AccountLink) -> datetime:
    # Only a row that was not yet read back from the database lacks it.
    assert tie.created_at is not None
    return tie.created_at


def _view(tie: AccountLink, opened: OpenAccount, others: tuple[Holder, ...]) -> LinkedAccount:
    account, customer = opened.account, opened.customer
    return LinkedAccount(
        link_id=tie.id,
        account_id=AccountId(account.id),
        customer_id=CustomerId(customer.id),
        account_no=account.account_no,
        cid=customer.cid,
        customer_name=" ".join(filter(None, (customer.name1, customer.name2))),
        service_address=address_of(account),
        parcel_id=account.parcel_id,
        email=customer.email,
        rights=tie.rights,
        ends_at=tie.ends_at,
        stop=opened.left_on(date.max),
        others=others,
    )


def saved_numbers(session: Session, actor: Actor) -> SavedNumbers | None:
    """Return the numbers that the actor asked to remember, or None."""
    if not actor.is_resident:
        return None
    row = session.get(SavedSearch, actor.user_id)
    return SavedNumbers(row.account_no, row.cid) if row is not None else None
