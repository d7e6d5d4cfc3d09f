"""Finding a customer by number, name, street or mail: any order, any case, beginnings of words."""

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlmodel import Session, col

from portal.domain.accounts.masking import person, sees_confidential
from portal.domain.accounts.policy import in_force
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.staff.policy import require_staff
from portal.kit.paging import PAGE, Paged, last_page, page_of
from portal.kit.text import _
from portal.models.accounts import Account, Customer, Tenure
from portal.models.identity import AccountLink, User


def _words_column(*columns: str) -> ColumnElement[str]:
    """Return the expression that models/sql/search.sql indexes, to the letter."""
    joined = " || ' ' || ".join(columns)
    return literal_column(f"to_tsvector('simple', translate({joined}, '@.-_/+#', '       '))")


_ACCOUNT = _words_column(
    "account.account_no", "account.service_address", "account.unit", "account.parcel_id"
)
_CUSTOMER = _words_column(
    "customer.cid", "customer.name1", "customer.name2", "customer.addr1", "customer.email"
)
_USER = _words_column("user_account.email", "user_account.first_name", "user_account.last_name")


@dataclass(frozen=True)
class Found:
    """A customer's time at a place; `sign_ins` counts the residents who linked it."""

    customer_id: UUID
    cid: str
    name: str
    masked: bool
    account_no: str
    service_address: str
    start: date
    stop: date | None
    sign_ins: int


@dataclass(frozen=True)
class SignInFound:
    """A resident's sign-in that matches and has no account linked."""

    user_id: UUID
    email: str
    name: str
    status: str


@dataclass(frozen=True)
class Results:
    """What a search found: tenures by page, and sign-ins without a link."""

    tenures: Paged[Found]
    sign_ins: tuple[SignInFound, ...]


def words_of(typed: str) -> list[str]:
    """Return the words of a search, at most ten: letters and digits, as the index splits them."""
    return re.findall(r"[^\W_]+", typed[:200])[:10]


def prefix_query(typed: str) -> str:
    """Return the full-text query "every word begins so", or "" where nothing was typed."""
    return " & ".join(f"'{word}':*" for word in words_of(typed))


def find(session: Session, actor: Actor, typed: str, page_claim: object = "1") -> Results:
    """Return what matches all the words of `typed`: exact numbers first, then present stays.

    A viewer does not find confidential customers by name, address or mail, only by number.
    """
    require_staff(actor)
    asked = prefix_query(typed)
    if not asked:
        return Results(Paged((), 1, 1, 0), ())
    audit.record(session, actor, "staff.search", words=typed[:80])
    query = func.to_tsquery("simple", asked)
    bare = re.sub(r"[\s-]", "", typed).lstrip("0")[:40]
    matches = _matches(query, bare, open_to_all=sees_confidential(actor))
    total = session.execute(
        select(func.count())
        .select_from(Tenure)
        .join(Account, col(Account.id) == col(Tenure.account_id))
        .join(Customer, col(Customer.id) == col(Tenure.customer_id))
        .where(matches)
    ).scalar_one()
    page = min(page_of(page_claim), last_page(total))
    return Results(
        Paged(_tenures(session, actor, matches, bare, page), page, last_page(total), total),
        _without_link(session, query) if page == 1 else (),
    )


def _matches(query: ColumnElement[str], bare: str, *, open_to_all: bool) -> ColumnElement[bool]:
    """Return the condition on a tenure: each way in is answered from its own index."""
    hit = "@@"
    by_name = select(col(Customer.id)).where(_CUSTOMER.op(hit)(query))
    by_place = select(col(Account.id)).where(_ACCOUNT.op(hit)(query))
    linked = (
        select(col(AccountLink.account_id))
        .join(User, col(User.id) == col(AccountLink.user_id))
        .where(
            _USER.op(hit)(query),
            in_force(),
            col(AccountLink.account_id) == col(Tenure.account_id),
            col(AccountLink.customer_id) == col(Tenure.customer_id),
        )
    )
    by_words = or_(
        col(Tenure.customer_id).in_(by_name), col(Tenure.account_id).in_(by_place), linked.exists()
    )
    if not open_to_all:
        by_words = and_(by_words, col(Customer.confidential).is_(False))
    if not bare:
        return by_words
    by_number = or_(
        col(Tenure.customer_id).in_(select(col(Customer.id)).where(col(Customer.match_no) == bare)),
        col(Tenure.account_id).in_(select(col(Account.id)).where(col(Account.match_no) == bare)),
    )
    return or_(by_words, by_number)


def _tenures(
    session: Session, actor: Actor, matches: ColumnElement[bool], bare: str, page: int
) -> tuple[Found, ...]:
    sign_ins = (
        select(func.count())
        .select_from(AccountLink)
        .where(
            col(AccountLink.account_id) == col(Tenure.account_id),
            col(AccountLink.customer_id) == col(Tenure.customer_id),
            in_force(),
        )
        .scalar_subquery()
    )
    exact = or_(col(Account.match_no) == bare, col(Customer.match_no) == bare)
    rows = session.execute(
        select(Tenure, Account, Customer, sign_ins)
        .join(Account, col(Account.id) == col(Tenure.account_id))
        .join(Customer, col(Customer.id) == col(Tenure.customer_id))
        .where(matches)
        .order_by(
            exact.desc(),
            col(Tenure.stop_date).is_not(None),
            col(Customer.name1),
            col(Account.account_no),
            col(Tenure.start_date),
            col(Tenure.id),
        )
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    found = []
    for tenure, account, customer, count in rows:
        masked = customer.confidential and not sees_confidential(actor)
        shown = person(customer, masked=masked)
        found.append(
            Found(
                customer.id,
                customer.cid,
                shown.name,
                masked,
                account.account_no,
                _("Not shown (confidential)") if masked else account.service_address,
                tenure.start_date,
                tenure.stop_date,
                count,
            )
        )
    return tuple(found)


def _without_link(session: Session, query: ColumnElement[str]) -> tuple[SignInFound, ...]:
    has_link = (
        select(col(AccountLink.id))
        .where(col(AccountLink.user_id) == col(User.id), in_force())
        .exists()
    )
    rows = session.scalars(
        select(User)
        .where(_USER.op("@@")(query), col(User.role) == "resident", ~has_link)
        .order_by(col(User.email))
        .limit(10)
    ).all()
    return tuple(
        SignInFound(user.id, user.email, f"{user.first_name} {user.last_name}".strip(), user.status)
        for user in rows
    )
