"""My Cart: the bills chosen so far, and Checkout."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.domain.cart import operations
from portal.domain.cart.queries import CartLine, CartView
from portal.domain.cart.states import CartStatus
from portal.kit.text import _, money, say, short_day
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.shell import ShellState


@dataclass(frozen=True)
class CartRow:
    """A bill in the cart, as the screen writes it."""

    id: str = ""
    kind: str = ""
    number: str = ""
    place: str = ""
    due: str = ""
    balance: str = ""
    amount: str = ""


def category_name(number: int) -> str:
    """Name a bill category in the language being spoken."""
    known = city().billing.category(number)
    return known.name.say() if known else _("Bill")


def _row(line: CartLine) -> CartRow:
    return CartRow(
        str(line.bill_id),
        category_name(line.category),
        line.bill_no,
        line.service_address,
        short_day(line.due_date),
        money(line.owed_cents),
        money(line.amount_cents),
    )


class CartState(PortalState):
    """The signed-in resident's cart."""

    # A payment of this cart is under way: nothing may change under it.
    being_paid: bool = False
    # Where that payment stands: the bank's question, or the receipt.
    paying: str = ""
    total: str = ""
    rows: list[CartRow] = []
    changes: list[str] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the cart as it stands, and say what changed in it since it was filled."""
        view, told = await self._ask(operations.refresh)
        self.changes = [say(change) for change in told]
        self._draw(view)

    def _draw(self, view: CartView | None) -> None:
        self.rows = [_row(line) for line in view.lines] if view else []
        self.total = money(view.total_cents) if view else ""
        self.being_paid = view is not None and view.status is CartStatus.CONFIRMING
        self.paying = routes.pay(view.cart_id) if view else ""

    @handler(RESIDENT)
    async def remove(self, bill: str) -> Any:
        """Take a bill out."""
        await self._ask(operations.remove, bill)
        view, _told = await self._ask(operations.refresh)
        self._draw(view)
        self.notice = _("The bill left your cart.")
        return ShellState.load

    @handler(RESIDENT)
    async def checkout(self) -> Any:
        """Lead to Pay Bills."""
        return rx.redirect(routes.link(routes.PAY_BILLS))
