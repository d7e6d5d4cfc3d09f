"""Which bills a customer's stays at an account open, and which of them they may pay.

One rule, in SQL, for every screen: a bill belongs to its payer (`bill.customer_id`), also when it
is dated after the move-out. COPY sees the payer's bills that are dated within the copy's own stay,
and pays only where `responsible` is set (exchange, settled questions 3 and 5).
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Date, Select, and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col

from portal.domain.accounts.policy import OpenAccount, in_force, lets_pay
from portal.domain.identity.actor import Actor
from portal.models.accounts import Tenure
from portal.models.bills import Bill
from portal.models.identity import AccountLink

_FOREVER = literal("infinity")


def seen_bills(
    link_pays: ColumnElement[bool] | None = None,
) -> Select[tuple[object, object, object, bool]]:
    """Return (bill_id, account_id, viewer_id, may_pay) of every bill a tenure opens.

    Narrow it with `of_account` or `of_actor`; without either it is everybody's. `link_pays` is
    what the link adds to the tenure's say in who may pay.
    """
    payer = aliased(Tenure)
    stop = func.coalesce(col(Tenure.stop_date), cast(_FOREVER, Date))
    payer_stop = func.coalesce(col(payer.stop_date), cast(_FOREVER, Date))
    own = col(Bill.customer_id) == col(Tenure.customer_id)
    copied: ColumnElement[bool] = and_(
        col(Tenure.relation) == "COPY",
        col(Tenure.start_date) <= col(Bill.statement_date),
        col(Bill.statement_date) < stop,
        select(literal(1))
        .where(
            col(payer.account_id) == col(Bill.account_id),
            col(payer.customer_id) == col(Bill.customer_id),
            col(payer.relation) != "COPY",
            col(payer.start_date) < stop,
            payer_stop > col(Tenure.start_date),
        )
        .exists(),
    )
    may_pay = or_(
        and_(own, col(Tenure.relation) != "COPY"),
        and_(or_(own, copied), col(Tenure.responsible)),
    )
    if link_pays is not None:
        may_pay = and_(link_pays, may_pay)
    return (
        select(
            col(Bill.id).label("bill_id"),
            col(Tenure.account_id).label("account_id"),
            col(Tenure.customer_id).label("viewer_id"),
            func.bool_or(may_pay).label("may_pay"),
        )
        .join(Tenure, col(Tenure.account_id) == col(Bill.account_id))
        .where(or_(own, copied))
        .group_by(col(Bill.id), col(Tenure.account_id), col(Tenure.customer_id))
    )


def of_account(opened: OpenAccount) -> Select[tuple[object, object, object, bool]]:
    """Narrow `seen_bills` to one opened account."""
    return of_accounts([opened])


def of_accounts(opened: Sequence[OpenAccount]) -> Select[tuple[object, object, object, bool]]:
    """Narrow `seen_bills` to these opened accounts."""
    pair = tuple_(col(Tenure.account_id), col(Tenure.customer_id))
    seen = [(one.account_id, one.customer_id) for one in opened]
    paid = [(one.account_id, one.customer_id) for one in opened if one.may_pay]
    return seen_bills(pair.in_(paid)).where(pair.in_(seen))


def of_actor(actor: Actor) -> Select[tuple[object, object, object, bool]]:
    """Narrow `seen_bills` to what the actor's links open: nothing for one who has not signed in."""
    return (
        seen_bills(lets_pay())
        .join(
            AccountLink,
            and_(
                col(AccountLink.account_id) == col(Tenure.account_id),
                col(AccountLink.customer_id) == col(Tenure.customer_id),
            ),
        )
        .where(
            col(AccountLink.user_id) == (actor.user_id if actor.is_resident else None),
            in_force(),
        )
    )
