"""Pay Bills: how much on each bill, the subtotal, and Continue into the ten minutes."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.cities.calendar import next_business_day
from portal.domain.cart import operations
from portal.domain.cart.queries import CartLine, CartView
from portal.domain.cart.states import CartStatus
from portal.kit.clock import local_date, utc_now
from portal.kit.errors import Problems
from portal.kit.money import plain_dollars
from portal.kit.text import _, day, money, say, short_day
from portal.state.base import RESIDENT, PortalState, Problem, handler, loader
from portal.state.cart import category_name


@dataclass(frozen=True)
class PayRow:
    """A line of Pay Bills; `typed` is the Payment Amount as it stands in its field."""

    id: str = ""
    field: str = ""
    description: str = ""
    year: str = ""
    bill_date: str = ""
    number: str = ""
    due: str = ""
    balance: str = ""
    due_now: str = ""
    typed: str = ""


def _row(line: CartLine) -> PayRow:
    return PayRow(
        str(line.bill_id),
        f"amount-{line.bill_id}",
        category_name(line.category),
        str(line.bill_year),
        short_day(line.statement_date),
        line.bill_no,
        short_day(line.due_date),
        money(line.owed_cents),
        money(line.owed_cents),
        plain_dollars(line.amount_cents),
    )


class PayBillsState(PortalState):
    """The amounts of the signed-in resident's cart."""

    being_paid: bool = False
    # Where that payment stands: the bank's question, or the receipt.
    paying: str = ""
    subtotal: str = ""
    counts_for: str = ""
    rows: list[PayRow] = []
    changes: list[str] = []
    # What was typed and not yet sent with a form, by bill.
    _typed: dict[str, str] = {}

    @loader(RESIDENT)
    async def load(self) -> Any:
        """Show the cart's bills with their amounts."""
        view, told = await self._ask(operations.refresh)
        if view is None or not view.lines:
            self.rows = []
            return rx.redirect(routes.link(routes.CART))
        self.changes = [say(change) for change in told]
        self._typed = {}
        today = local_date(utc_now(), city().zone)
        self.counts_for = _(
            "Paid today, it counts for %(date)s. It is posted on %(posted)s.",
            date=day(today),
            posted=day(next_business_day(city(), today)),
        )
        self._draw(view)
        return None

    def _draw(self, view: CartView) -> None:
        self.rows = [_row(line) for line in view.lines]
        self.subtotal = money(view.total_cents)
        self.being_paid = view.status is CartStatus.CONFIRMING
        self.paying = routes.pay(view.cart_id)

    # Sent as the field is left for the button: were the problems above it to go now, the button
    # would move away under the finger, and the press be lost.
    @handler(RESIDENT, aside=True)
    async def keep_amount(self, bill: str, typed: str) -> None:
        """Remember what was typed beside a bill, for the button that is pressed next."""
        self._typed = {**self._typed, bill[:36]: typed[:30]}

    @handler(RESIDENT)
    async def calculate(self, form: dict[str, str]) -> None:
        """Calculate Subtotal."""
        typed = {name.removeprefix("amount-"): value for name, value in form.items()}
        try:
            self._draw(await self._ask(operations.set_amounts, typed))
        except Problems as several:
            self._show_all(several)
        self._typed = typed

    @handler(RESIDENT)
    async def proceed(self) -> Any:
        """Continue: hold the amounts for ten minutes and go to the card page."""
        try:
            cart = await self._ask(operations.begin_checkout, self._typed)
        except Problems as several:
            self._show_all(several)
            return None
        # The card page is the server's own, with no other script than ours and the processor's.
        return rx.redirect(routes.pay(cart))

    def _show_all(self, several: Problems) -> None:
        """Show each refusal, in the order of the bills on the page.

        Of several bills the summary names the one; at the field its row does.
        """
        refused = {one.field: one for one in several.each}
        for row in self.rows:
            if row.field in refused:
                self._show(refused.pop(row.field))
                if len(self.rows) > 1:
                    one = self.problems[-1]
                    said = _("Bill %(number)s: %(what)s", number=row.number, what=one.sentence)
                    self.problems = [*self.problems[:-1], Problem(said, one.field)]
        for left in refused.values():  # of a bill that another tab has added since
            self._show(left)
