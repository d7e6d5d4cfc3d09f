"""Account Summary: how much, by when, why, what was paid, which services."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.domain.bills import queries
from portal.domain.bills.explain import average_day, due_sentence, headline
from portal.domain.bills.paid import PaidOn
from portal.domain.bills.queries import AccountSummary, ServiceRow
from portal.domain.bills.reading import BillLook
from portal.domain.bills.words import last_posted
from portal.domain.cart import operations as cart
from portal.kit.clock import local_date, utc_now
from portal.kit.text import _, day, money, ngettext, short_day
from portal.state.bars import Bar, bars
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.shell import ShellState

# As many as the guides' pages show; Past Bills has the others.
SHOWN = 5


@dataclass(frozen=True)
class PaymentRow:
    """A bill with payments: About Your Payments."""

    id: str = ""
    bill: str = ""
    last_posted: str = ""
    total: str = ""
    note: str = ""


@dataclass(frozen=True)
class ServiceView:
    """A service of the account."""

    code: str = ""
    name: str = ""
    start: str = ""
    stop: str = ""
    status: str = ""
    consumption: bool = False


class AccountSummaryState(PortalState):
    """One account at a glance."""

    account: str = ""
    account_no: str = ""
    service_address: str = ""
    delivery: str = ""
    amount_due: str = ""
    due_date: str = ""
    due_words: str = ""
    past_due: str = ""
    credit: str = ""
    moved_out: str = ""
    can_pay: bool = False
    to_look_at: bool = False
    holds: bool = False
    bill: str = ""
    bill_no: str = ""
    why: str = ""
    use: str = ""
    bars: list[Bar] = []
    name: str = ""
    address: list[str] = []
    customer_id: str = ""
    payments: list[PaymentRow] = []
    services: list[ServiceView] = []
    _payable: list[str] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the account."""
        today = local_date(utc_now(), city().zone)
        found = await self._ask(queries.account_summary, self._query("account"), today)
        self._draw_due(found, today)
        self._draw_rest(found)

    @handler(RESIDENT)
    async def pay_now(self) -> Any:
        """Put every bill that can be paid here into the cart and go there."""
        items = await self._ask(cart.add, self._payable)
        (await self.get_state(ShellState)).cart_items = items
        return rx.redirect(routes.link(routes.CART))

    def _draw_due(self, found: AccountSummary, today: date) -> None:
        due = found.due
        self.amount_due = money(due.due_now)
        self.due_date = day(due.due_date) if due.due_date and due.due_now else ""
        self.due_words = ""
        if due.due_date and due.due_now:
            bills = ngettext("%(n)s bill", "%(n)s bills", due.bills)
            self.due_words = f"{due_sentence(due.due_date, today)} · {bills}"
        self.past_due = money(due.past_due) if due.past_due and due.due_now else ""
        self.credit = money(due.credit) if due.credit else ""
        self._payable = [str(bill_id) for bill_id in found.payable]
        self.can_pay = bool(found.payable) and due.due_now > 0
        self.to_look_at, self.holds = found.to_look_at, found.holds
        self.moved_out = day(found.moved_out) if found.moved_out else ""

    def _draw_rest(self, found: AccountSummary) -> None:
        self.account = str(found.account_id)
        self.account_no, self.service_address = found.account_no, found.service_address
        self.delivery = city().delivery.word(found.delivery)
        self.bill = str(found.latest.bill_id) if found.latest else ""
        self.bill_no = found.latest.bill_no if found.latest else ""
        self.why = headline(found.change) if found.change else ""
        self.use = average_day(found.reads, city().units.gallons_per_unit)
        used = [(at, quantity, False) for at, quantity in found.usage]
        self.bars = bars(used, now=len(used) - 1)
        self.name, self.address = found.person.name, list(found.person.lines)
        self.customer_id = found.person.cid
        self.payments = [_payment(look, paid) for look, paid in found.payments[:SHOWN]]
        self.services = [_service(row) for row in found.services]


def _payment(look: BillLook, paid: PaidOn) -> PaymentRow:
    return PaymentRow(
        id=str(look.bill_id),
        bill=look.bill_no,
        last_posted=last_posted(paid),
        total=money(paid.total),
        note=_("On its way to the city's books") if paid.under_way else "",
    )


def _service(row: ServiceRow) -> ServiceView:
    words = {
        "ACTIVE": _("ACTIVE"),
        "INACTIVE": _("INACTIVE"),
        "FINAL": _("FINAL"),
        "SEASONAL": _("SEASONAL"),
    }
    return ServiceView(
        code=row.code,
        name=row.description,
        start=short_day(row.start),
        stop=short_day(row.stop) if row.stop else "",
        status=words[row.status],
        consumption=row.consumption,
    )
