"""Changing a cart. The lock order is everywhere: cart, then payment, then bills by id."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from portal.cities import city
from portal.domain.bills.payable import payable
from portal.domain.cart import holds, queries, rules
from portal.domain.cart.queries import CartView, own, status_at
from portal.domain.cart.states import CartStatus, move
from portal.domain.identity.actor import Actor
from portal.kit.db import database_now
from portal.kit.errors import DomainError, NotAllowed, Problems
from portal.kit.ids import BillId, CartId, parse_id
from portal.kit.money import format_cents, plain_dollars
from portal.kit.text import N_
from portal.models.bills import Bill
from portal.models.payments import Cart, CartItem

Clock = Callable[[Session], datetime]


class BeingPaid(DomainError):
    """The cart's payment is under way: nothing may change under it."""

    code = "being_paid"


class TimeIsUp(DomainError):
    """The ten minutes are over. Nothing was charged."""

    code = "expired"


def lock_bills(session: Session, bill_ids: Collection[BillId]) -> None:
    """Hold the bills until the transaction ends, in id order so that two payers never deadlock."""
    session.exec(
        select(Bill.id).where(col(Bill.id).in_(bill_ids)).order_by(col(Bill.id)).with_for_update()
    ).all()


def current_locked(session: Session, actor: Actor) -> Cart:
    """Return the actor's one present cart, made where there is none, locked."""
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to use your cart."))
    session.connection().execute(
        insert(Cart).values(user_id=actor.user_id, status="open").on_conflict_do_nothing()
    )
    return session.exec(
        select(Cart)
        .where(Cart.user_id == actor.user_id, col(Cart.status).not_in(("paid", "processing")))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _reopen(session: Session, cart: Cart) -> None:
    """Take the cart out of its window so that it may change: its holds end."""
    if cart.status == CartStatus.CONFIRMING:
        raise BeingPaid(
            N_("We are checking a payment of this cart. Do not pay again; look again in a minute.")
        )
    if cart.status != CartStatus.OPEN:
        if cart.status == CartStatus.CHECKOUT:
            cart.extensions = 0
        move(session, cart, CartStatus.OPEN)


def add(session: Session, actor: Actor, bill_claims: Collection[object]) -> int:
    """Put bills into the actor's cart and return how many are in it now.

    A bill that is there already stays as it is. Raises DomainError where none can be paid.
    """
    cart = current_locked(session, actor)
    _reopen(session, cart)
    known = payable(session, actor, bill_claims).values()
    wanted = [bill for bill in known if bill.may_pay and bill.owed_cents > 0]
    if not wanted:
        raise DomainError(N_("Select a bill that has a balance, then Add to Cart."))
    there = queries.count_items(session, actor)
    if there + len(wanted) > rules.MOST_BILLS:
        raise DomainError(
            N_("A cart holds at most %(most)s bills. Pay these first."), most=rules.MOST_BILLS
        )
    session.connection().execute(
        insert(CartItem)
        .values(
            [
                {"cart_id": cart.id, "bill_id": b.bill_id, "amount_cents": b.owed_cents}
                for b in wanted
            ]
        )
        .on_conflict_do_nothing()
    )
    return queries.count_items(session, actor)


def remove(session: Session, actor: Actor, bill_claim: object) -> int:
    """Take a bill out of the actor's cart and return how many are left."""
    cart = current_locked(session, actor)
    _reopen(session, cart)
    session.connection().execute(
        delete(CartItem).where(
            col(CartItem.cart_id) == cart.id, col(CartItem.bill_id) == parse_id(bill_claim)
        )
    )
    return queries.count_items(session, actor)


def refresh(
    session: Session, actor: Actor, *, clock: Clock = database_now
) -> tuple[CartView | None, list[DomainError]]:
    """Return the actor's cart after bringing it up to date, and what changed, in sentences.

    A bill that was paid elsewhere or is no longer open to the actor leaves the cart; an amount
    above what is still owed comes down to it. A cart that is being paid is left alone.
    """
    if not actor.is_resident or queries.count_items(session, actor) == 0:
        return queries.current(session, actor, clock(session)), []
    cart = current_locked(session, actor)
    told: list[DomainError] = []
    if cart.status != CartStatus.CONFIRMING:
        told = _bring_up_to_date(session, actor, cart)
    return queries.view(session, cart, clock(session)), told


def _bring_up_to_date(session: Session, actor: Actor, cart: Cart) -> list[DomainError]:
    items = session.exec(select(CartItem).where(CartItem.cart_id == cart.id)).all()
    known = payable(session, actor, [str(item.bill_id) for item in items])
    told: list[DomainError] = []
    for item in items:
        bill = known.get(BillId(item.bill_id))
        if bill is None or not bill.may_pay or bill.owed_cents == 0:
            session.delete(item)
            number = bill.bill_no if bill else ""
            told.append(
                DomainError(
                    N_("Bill %(number)s no longer has a balance and left your cart."),
                    number=number,
                )
                if bill and bill.owed_cents == 0
                else DomainError(N_("A bill can no longer be paid here and left your cart."))
            )
        elif item.amount_cents > bill.owed_cents and not city().payments.overpay_allowed:
            item.amount_cents = bill.owed_cents
            told.append(
                DomainError(
                    N_("The balance of bill %(number)s is now %(balance)s."),
                    number=bill.bill_no,
                    balance=format_cents(bill.owed_cents),
                )
            )
    if told and cart.status == CartStatus.CHECKOUT:
        _reopen(session, cart)
    session.flush()
    return told


def set_amounts(session: Session, actor: Actor, typed: Mapping[str, str]) -> CartView:
    """Calculate Subtotal: keep the Payment Amounts typed, by bill id. Raises Problems."""
    cart = current_locked(session, actor)
    _reopen(session, cart)
    _write_amounts(session, actor, cart, typed)
    return queries.view(session, cart, database_now(session))


def _write_amounts(session: Session, actor: Actor, cart: Cart, typed: Mapping[str, str]) -> None:
    items = session.exec(select(CartItem).where(CartItem.cart_id == cart.id)).all()
    known = payable(session, actor, [str(item.bill_id) for item in items])
    lines = []
    for item in items:
        bill = known.get(BillId(item.bill_id))
        if bill is None or not bill.may_pay or bill.owed_cents == 0:
            raise DomainError(
                N_("A bill in your cart changed. Look at your cart again, then Continue.")
            )
        lines.append(
            rules.Wanted(
                bill.bill_id,
                bill.account_id,
                bill.category,
                bill.statement_date,
                bill.owed_cents,
                typed.get(str(bill.bill_id), plain_dollars(item.amount_cents)),
            )
        )
    if not lines:
        raise DomainError(N_("Your cart is empty. Add a bill from Manage Bills."))
    amounts = rules.read_amounts(lines, city().payments)
    for item in items:
        item.amount_cents = amounts[BillId(item.bill_id)]
    session.flush()


def begin_checkout(
    session: Session, actor: Actor, typed: Mapping[str, str], *, clock: Clock = database_now
) -> CartId:
    """Continue: check the amounts, hold them for ten minutes and return the cart to pay.

    Raises Problems for the amounts, HeldElsewhere where another payer holds a bill.
    """
    cart = current_locked(session, actor)
    _reopen(session, cart)
    items = session.exec(select(CartItem).where(CartItem.cart_id == cart.id)).all()
    bill_ids = [BillId(item.bill_id) for item in items]
    lock_bills(session, bill_ids)
    _write_amounts(session, actor, cart, typed)
    # After the locks: who waited for them may have waited past somebody's deadline.
    now = clock(session)
    others = holds.held_by_others(session, bill_ids, CartId(cart.id), now)
    owed = {line.bill_id: line.owed_cents for line in queries.view(session, cart, now).lines}
    taken = [
        holds.refusal(BillId(item.bill_id), others[BillId(item.bill_id)])
        for item in items
        if BillId(item.bill_id) in others
        and item.amount_cents > owed[BillId(item.bill_id)] - others[BillId(item.bill_id)].cents
    ]
    if taken:
        raise Problems(taken)
    rules.check_total(sum(item.amount_cents for item in items))
    cart.expires_at = now + timedelta(seconds=rules.WINDOW_SECONDS)
    cart.extensions = 0
    session.flush()
    move(session, cart, CartStatus.CHECKOUT)
    return CartId(cart.id)


def begin_again(
    session: Session, actor: Actor, claim: object, *, clock: Clock = database_now
) -> CartId:
    """Open a new window on a cart whose time ran out, with what was chosen and typed before."""
    own(session, actor, claim)
    refresh(session, actor, clock=clock)
    return begin_checkout(session, actor, {}, clock=clock)


def keep_billing(session: Session, actor: Actor, claim: object, form: Mapping[str, object]) -> None:
    """Remember what was typed in Billing Information, whatever happens to the window."""
    cart = own(session, actor, claim, lock=True)
    cart.billing = rules.read_billing(form).as_dict()
    session.flush()


def extend(session: Session, actor: Actor, claim: object, *, clock: Clock = database_now) -> int:
    """Give ten more minutes and return the seconds left. Raises TimeIsUp, BeingPaid."""
    cart = own(session, actor, claim, lock=True)
    now = clock(session)
    status = status_at(cart, now)
    if status is CartStatus.CONFIRMING:
        raise BeingPaid(N_("We are checking your payment. Do not pay again."))
    if status is not CartStatus.CHECKOUT or cart.expires_at is None:
        raise TimeIsUp(N_("The time to pay is over. You have not been charged."))
    if cart.extensions >= rules.EXTENSIONS:
        raise DomainError(N_("The time cannot be extended any further. Please finish now."))
    cart.extensions += 1
    cart.expires_at += timedelta(seconds=rules.WINDOW_SECONDS)
    session.flush()
    return queries.view(session, cart, now).seconds_left


def expire_due(session: Session, now: datetime) -> int:
    """Close every window that is over and return how many. A cart being confirmed never expires."""
    done = session.connection().execute(
        update(Cart)
        .where(col(Cart.status) == "checkout", col(Cart.expires_at) <= now)
        .values(status="expired")
    )
    return done.rowcount
