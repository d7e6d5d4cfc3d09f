"""Receipt: what was paid, with what, where the payment stands, and what comes next."""

from dataclasses import dataclass

from portal import routes
from portal.cities import city
from portal.domain.bills.words import state_word
from portal.domain.payments import queries
from portal.domain.payments.queries import Receipt
from portal.domain.payments.reasons import reason
from portal.domain.payments.states import PaymentStatus
from portal.kit.clock import utc_now
from portal.kit.text import _, day, moment, money, short_day
from portal.state.base import RESIDENT, PortalState, loader
from portal.state.cart import category_name
from portal.state.shell import ShellState

_STANDING = {
    PaymentStatus.SUCCEEDED: "paid",
    PaymentStatus.PROCESSING: "bank",
    PaymentStatus.REQUIRES_ACTION: "confirm",
    PaymentStatus.CONFIRMING: "checking",
}


@dataclass(frozen=True)
class ReceiptRow:
    """One bill's part."""

    reference: str = ""
    description: str = ""
    number: str = ""
    place: str = ""
    due: str = ""
    amount: str = ""


@dataclass(frozen=True)
class StepView:
    """A step of the payment's chain."""

    word: str = ""
    when: str = ""


def _step_word(status: PaymentStatus, code: str) -> str:
    given_back = status is PaymentStatus.FAILED and code == "given_back"
    return _("Not paid: the money was given back") if given_back else state_word(status)


class ReceiptState(PortalState):
    """One payment of the signed-in resident."""

    # "paid", "checking", "staff" (a person has to settle it), "confirm" (the bank asks), "bank"
    # (processing) or "unpaid".
    standing: str = ""
    # Where the bank's question can be answered.
    bank: str = ""
    number: str = ""
    amount: str = ""
    paid_at: str = ""
    card: str = ""
    payer: str = ""
    email: str = ""
    counts_for: str = ""
    posted_on: str = ""
    why: str = ""
    excess: str = ""
    is_test: bool = False
    rows: list[ReceiptRow] = []
    steps: list[StepView] = []

    @loader(RESIDENT)
    async def load(self) -> object:
        """Show the payment that the address names; it works when bookmarked."""
        self._draw(await self._ask(queries.receipt, self._query("id")))
        return ShellState.load

    def _draw(self, found: Receipt) -> None:
        zone = city().zone
        self.standing = _STANDING.get(found.status, "unpaid")
        if self.standing == "confirm" and found.expires_at <= utc_now():
            self.standing = "checking"
        if self.standing == "checking" and found.with_staff:
            self.standing = "staff"
        self.bank = routes.pay(found.cart_id)
        self.number, self.amount = str(found.number), money(found.amount_cents)
        self.paid_at = moment(found.created_at, zone) if found.created_at else ""
        self.card = (
            _(
                "%(brand)s ending in %(last4)s",
                brand=found.card_brand.replace("_", " ").title(),
                last4=found.last4,
            )
            if found.last4
            else _("Card")
        )
        self.payer, self.email = found.payer_name, found.receipt_email
        self.counts_for, self.posted_on = day(found.effective_date), day(found.business_date)
        self.why = _(reason(found.failure_code)) if self.standing == "unpaid" else ""
        excess = sum(line.excess_cents for line in found.lines)
        self.excess = money(excess) if excess else ""
        self.is_test = not found.livemode
        self.rows = [
            ReceiptRow(
                line.portal_payment_id,
                category_name(line.category),
                line.bill_no,
                line.service_address,
                short_day(line.due_date),
                money(line.amount_cents),
            )
            for line in found.lines
        ]
        self.steps = [
            StepView(
                _step_word(step.status, found.failure_code),
                moment(step.at, zone) if step.at else "",
            )
            for step in found.steps
        ]
