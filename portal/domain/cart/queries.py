"""Reading a cart: whose it is, what is in it, how long it still has."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from portal.domain.bills.balance import owed_cents
from portal.domain.cart.rules import EXTENSIONS, Billing, read_billing
from portal.domain.cart.states import CartStatus
from portal.domain.identity.actor import Actor
from portal.kit.errors import NotFound
from portal.kit.ids import BillId, CartId, parse_id
from portal.kit.text import N_
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.payments import Cart, CartItem


@dataclass(frozen=True)
class CartLine:
    """A bill in the cart; amounts in cents."""

    bill_id: BillId
    account_id: object
    account_no: str
    service_address: str
    category: int
    bill_year: int
    bill_no: str
    statement_date: date
    due_date: date
    owed_cents: int
    amount_cents: int


@dataclass(frozen=True)
class CartView:
    """A cart as it stands at `now`. `seconds_left` is 0 outside checkout."""

    cart_id: CartId
    status: CartStatus
    lines: tuple[CartLine, ...]
    seconds_left: int
    extensions_left: int
    billing: Billing = field(default_factory=Billing)

    @property
    def total_cents(self) -> int:
        """What the cart pays."""
        return sum(line.amount_cents for line in self.lines)


def status_at(cart: Cart, now: datetime) -> CartStatus:
    """Return the status a reader must see: a window that is over is over before the sweep."""
    if cart.status == CartStatus.CHECKOUT and cart.expires_at is not None:
        return CartStatus.CHECKOUT if now < cart.expires_at else CartStatus.EXPIRED
    return CartStatus(cart.status)


def count_items(session: Session, actor: Actor) -> int:
    """Return the n of My Cart (n items)."""
    if not actor.is_resident:
        return 0
    return session.exec(
        select(func.count())
        .select_from(CartItem)
        .join(Cart, col(Cart.id) == CartItem.cart_id)
        .where(Cart.user_id == actor.user_id, col(Cart.status).not_in(("paid", "processing")))
    ).one()


def current(session: Session, actor: Actor, now: datetime) -> CartView | None:
    """Return the actor's present cart, or None where there is none yet."""
    if not actor.is_resident:
        return None
    cart = session.exec(
        select(Cart).where(
            Cart.user_id == actor.user_id, col(Cart.status).not_in(("paid", "processing"))
        )
    ).first()
    return view(session, cart, now) if cart else None


def own(session: Session, actor: Actor, claim: object, *, lock: bool = False) -> Cart:
    """Return the actor's cart that a browser names. Raises NotFound, foreign and unknown alike."""
    cart_id = parse_id(claim)
    statement = select(Cart).where(Cart.id == cart_id, Cart.user_id == actor.user_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    cart = session.exec(statement).first() if cart_id and actor.is_resident else None
    if cart is None:
        raise NotFound(N_("We could not find that cart among yours."))
    return cart


def view(session: Session, cart: Cart, now: datetime) -> CartView:
    """Return what stands in `cart`."""
    rows = session.exec(
        select(CartItem, Bill, Account)
        .join(Bill, col(Bill.id) == CartItem.bill_id)
        .join(Account, col(Account.id) == Bill.account_id, isouter=True)
        .where(CartItem.cart_id == cart.id)
        .order_by(
            col(Bill.statement_date), col(Bill.bill_year), col(Bill.bill_no), col(Bill.category)
        )
    ).all()
    owed = owed_cents(session, [BillId(bill.id) for _, bill, _ in rows])
    status = status_at(cart, now)
    left = 0
    if status is CartStatus.CHECKOUT and cart.expires_at is not None:
        left = math.ceil((cart.expires_at - now).total_seconds())
    return CartView(
        CartId(cart.id),
        status,
        tuple(
            CartLine(
                BillId(bill.id),
                bill.account_id,
                account.account_no if account else "",
                account.service_address if account else bill.property_code,
                bill.category,
                bill.bill_year,
                bill.bill_no,
                bill.statement_date,
                bill.due_date,
                owed.get(BillId(bill.id), 0),
                item.amount_cents,
            )
            for item, bill, account in rows
        ),
        left,
        max(EXTENSIONS - cart.extensions, 0),
        read_billing(cart.billing),
    )
