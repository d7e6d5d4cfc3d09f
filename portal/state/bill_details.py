"""Bill Details: who, how much, by when, why, reads, charges, payments, history."""

from dataclasses import dataclass
from datetime import date

from portal import routes
from portal.cities import city
from portal.domain.bills import code, details
from portal.domain.bills.details import BillDetails
from portal.domain.bills.explain import (
    average_day,
    headline,
    how,
    quantity,
    read_notes,
    read_word,
    sums,
    unit_sentence,
)
from portal.domain.bills.paid import Booked, PortalPayment
from portal.domain.bills.rules import ReadLine
from portal.domain.bills.scan import qr_source, scan_line
from portal.domain.bills.words import (
    TONES,
    activity_word,
    added_notice,
    paid_note,
    payment_word,
    standing_word,
    state_word,
    step_when,
)
from portal.domain.cart import operations as cart
from portal.domain.payments.reasons import reason
from portal.kit.clock import local_date, utc_now
from portal.kit.text import _, day, money, number, short_day
from portal.state.bars import Bar, bars
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.shell import ShellState


@dataclass(frozen=True)
class BillHead:
    """Who, how much, by when."""

    id: str = ""
    account: str = ""
    number: str = ""
    account_no: str = ""
    customer_id: str = ""
    service_address: str = ""
    place: str = ""
    name: str = ""
    statement_date: str = ""
    due_date: str = ""
    period: str = ""
    amount: str = ""
    amount_label: str = ""
    charges: str = ""
    status: str = ""
    tone: str = ""
    why: str = ""
    average: str = ""
    unit: str = ""
    message: str = ""
    note: str = ""
    previous: str = ""
    document: str = ""
    image: str = ""
    # As printed: what a phone and a payment counter read. Nothing where nothing is owed.
    qr: str = ""
    scan: str = ""
    payable: bool = False


@dataclass(frozen=True)
class Line:
    """A name and an amount, with how it came about."""

    name: str = ""
    detail: str = ""
    amount: str = ""
    before: str = ""
    change: str = ""


@dataclass(frozen=True)
class ReadRow:
    """A meter's two reads and the usage, as printed."""

    meter: str = ""
    previous_date: str = ""
    current_date: str = ""
    previous: str = ""
    current: str = ""
    usage: str = ""
    kind: str = ""


@dataclass(frozen=True)
class HistoryRow:
    """A bill of the last thirteen months."""

    id: str = ""
    number: str = ""
    bill_date: str = ""
    usage: str = ""
    days: str = ""
    charges: str = ""


@dataclass(frozen=True)
class PaymentStep:
    """A step of a payment made here."""

    name: str = ""
    when: str = ""


@dataclass(frozen=True)
class PaymentView:
    """A payment on this bill: booked by the city, or made here with its chain of states."""

    what: str = ""
    posted: str = ""
    amount: str = ""
    state: str = ""
    reason: str = ""
    steps: list[PaymentStep] | None = None


class BillDetailsState(PortalState):
    """One bill."""

    head: BillHead = BillHead()
    address: list[str] = []
    reads: list[ReadRow] = []
    read_notes: list[str] = []
    charges: list[Line] = []
    sums: list[Line] = []
    changes: list[Line] = []
    installments: list[Line] = []
    history: list[HistoryRow] = []
    bars: list[Bar] = []
    booked: list[PaymentView] = []
    payments: list[PaymentView] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the bill that the address names."""
        today = local_date(utc_now(), city().zone)
        found = await self._ask(details.bill_details, self._query("id"), today)
        self.head, self.address = _head(found, today), list(found.person.lines)
        self._draw_reasons(found)
        self._draw_history(found)

    @handler(RESIDENT)
    async def add_to_cart(self) -> None:
        """Put this bill into the cart."""
        items = await self._ask(cart.add, [self.head.id])
        self.notice = added_notice()
        (await self.get_state(ShellState)).cart_items = items

    def _draw_reasons(self, found: BillDetails) -> None:
        self.reads = [_read(read) for read in found.reads if read.billed]
        self.read_notes = list(read_notes(found.reads))
        self.charges = [
            Line(one.description, how(one), money(one.original)) for one in found.charges
        ]
        self.sums = [Line(what, "", money(cents)) for what, cents in sums(found)]
        changed = found.change.charges if found.change else ()
        self.changes = [
            Line(one.description, "", money(one.now), money(one.before), _signed(one.change))
            for one in changed
        ]
        self.installments = [
            Line(
                _("Part %(number)s", number=str(one.number)),
                short_day(one.pay_by),
                money(one.amount),
                money(one.due),
            )
            for one in (found.installments if len(found.installments) > 1 else ())
        ]

    def _draw_history(self, found: BillDetails) -> None:
        self.history = [
            HistoryRow(
                str(spell.bill_id),
                spell.bill_no,
                short_day(spell.statement_date),
                "" if spell.usage is None else quantity(spell.usage, spell.unit),
                "" if spell.days is None else str(spell.days),
                money(spell.charges),
            )
            for spell in reversed(found.history)
        ]
        self.bars = bars(
            [(s.statement_date, s.usage, False) for s in found.history],
            now=len(found.history) - 1,
        )
        self.booked = [_booked(row) for row in reversed(found.payments.booked)]
        self.payments = [_payment(row) for row in reversed(found.payments.portal)]


def _head(found: BillDetails, today: date) -> BillHead:
    link = routes.link(routes.DOCUMENT_BILL, id=found.bill_id)
    credit = found.credit > 0
    return BillHead(
        id=str(found.bill_id),
        account=str(found.account_id),
        number=found.bill_no,
        account_no=found.account_no,
        customer_id=found.person.cid,
        service_address=found.service_address,
        place=found.place,
        name=found.person.name,
        statement_date=day(found.statement_date),
        due_date=day(found.due_date),
        period=_period(found),
        amount=money(-found.credit if credit else found.owed),
        amount_label=_("Credit") if credit else _("Balance Due"),
        charges=money(found.billed),
        status=standing_word(found.standing, found.due_date, today, unbooked=found.unbooked),
        tone=TONES[found.standing],
        why=headline(found.change),
        average=average_day(found.reads, city().units.gallons_per_unit),
        unit=_unit(found),
        message=found.message,
        note=paid_note(found.unbooked) if found.owed else "",
        previous=found.previous_no,
        document=link,
        image=link + "&image=1" if found.image_name else "",
        qr=qr_source(code.address(found.bill_id)) if found.owed else "",
        scan=scan_line(found.account_no, found.bill_no, found.owed) if found.owed else "",
        payable=found.may_pay,
    )


def _period(found: BillDetails) -> str:
    if found.period_from is None or found.period_to is None:
        return ""
    return _("%(start)s to %(stop)s", start=day(found.period_from), stop=day(found.period_to))


def _unit(found: BillDetails) -> str:
    unit = next((read.unit for read in found.reads), "")
    return unit_sentence(unit, city().units.gallons_per_unit)


def _read(read: ReadLine) -> ReadRow:
    return ReadRow(
        read.serial_no,
        short_day(read.previous_date),
        short_day(read.read_date),
        number(read.previous, 3),
        number(read.current, 3),
        number(read.usage, 3),
        read_word(read),
    )


def _signed(cents: int) -> str:
    return money(cents) if cents <= 0 else "+" + money(cents)


def _booked(row: Booked) -> PaymentView:
    return PaymentView(
        activity_word(row.activity, row.tender, row.source),
        short_day(row.posted),
        # A payment as what was paid; what adds to the bill (a fee, a payment returned) says so.
        money(-row.amount) if row.amount <= 0 else "+" + money(row.amount),
        _("Booked by the city"),
    )


def _payment(row: PortalPayment) -> PaymentView:
    return PaymentView(
        _("Payment %(number)s", number=row.number) if row.own else _("Payment by another person"),
        short_day(row.effective),
        money(row.amount),
        payment_word(row),
        _(reason(row.failure_code)) if row.failure_code else "",
        [PaymentStep(state_word(step.state), step_when(step, city().zone)) for step in row.steps],
    )
