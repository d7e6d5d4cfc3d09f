"""Manage Bills: what is open, what is past, and the cart."""

from dataclasses import dataclass
from datetime import date

from portal.cities import city
from portal.domain.bills import queries
from portal.domain.bills.queries import BillList
from portal.domain.bills.reading import BillLook
from portal.domain.bills.words import TONES, added_notice, look_word, paid_note, unpayable_note
from portal.domain.cart import operations as cart
from portal.kit.clock import local_date, utc_now
from portal.kit.text import money, ngettext, short_day
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.shell import ShellState


@dataclass(frozen=True)
class BillRow:
    """A bill of the list, as the screen writes it."""

    id: str = ""
    number: str = ""
    bill_date: str = ""
    pay_by: str = ""
    charges: str = ""
    balance: str = ""
    status: str = ""
    tone: str = ""
    note: str = ""
    payable: bool = False


class ManageBillsState(PortalState):
    """One account's bills."""

    showing_past: bool = False
    account: str = ""
    account_no: str = ""
    service_address: str = ""
    as_of: str = ""
    total_due: str = ""
    credit: str = ""
    owed: str = ""
    left_out: str = ""
    can_pay: bool = False
    to_look_at: bool = False
    rows: list[BillRow] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the account's bills; `show=past` in the address shows the past ones."""
        today = local_date(utc_now(), city().zone)
        found = await self._ask(queries.manage_bills, self._query("account"), today)
        self._draw(found, today, past=self._query("show") == "past")

    @handler(RESIDENT)
    async def add_to_cart(self, form: dict[str, str]) -> None:
        """Put the ticked bills into the cart; the page stays, as the guide says."""
        ticked = [name.removeprefix("bill-") for name in form if name.startswith("bill-")]
        items = await self._ask(cart.add, ticked)
        self.notice = added_notice()
        (await self.get_state(ShellState)).cart_items = items

    def _draw(self, found: BillList, today: date, *, past: bool) -> None:
        self.showing_past = past
        self.account = str(found.account_id)
        self.account_no, self.service_address = found.account_no, found.service_address
        self.as_of = short_day(today)
        self.total_due = money(found.due.due_now)
        self.owed = money(found.due.owed)
        self.credit = money(-found.due.credit) if found.due.credit else ""
        self.can_pay = found.may_pay and not past
        self.to_look_at = found.to_look_at
        looks = found.past if past else found.outstanding
        self.rows = [_row(look, today, _why_not(look, found)) for look in looks]
        self.left_out = ""
        if past and found.past_left_out:
            self.left_out = ngettext(
                "%(n)s older bill is not shown here.",
                "%(n)s older bills are not shown here.",
                found.past_left_out,
            )


def _why_not(look: BillLook, found: BillList) -> str:
    # What holds for every bill of the page is said once, above them.
    return "" if found.to_look_at else unpayable_note(look)


def _row(look: BillLook, today: date, why_not: str) -> BillRow:
    return BillRow(
        id=str(look.bill_id),
        number=look.bill_no,
        bill_date=short_day(look.statement_date),
        pay_by=short_day(look.due_date),
        charges=money(look.charges),
        balance=money(look.balance),
        status=look_word(look, today),
        tone=TONES[look.standing],
        note=why_not or (paid_note(look.unbooked) if look.balance else ""),
        payable=look.payable,
    )
