"""How bills, reads and payments are said on every screen, in the language being spoken."""

from datetime import date

from portal.cities import city
from portal.domain.bills.explain import due_sentence
from portal.domain.bills.paid import PaidOn, PortalPayment, Step
from portal.domain.bills.reading import BillLook
from portal.domain.bills.rules import Standing
from portal.kit.text import _, day, moment, money, ngettext, short_day

# A status is a word with a mark; the tone is only its colour.
TONES = {
    Standing.PAST_DUE: "bad",
    Standing.DUE: "warn",
    Standing.PAID: "good",
    Standing.CREDIT: "good",
    Standing.LIENED: "bad",
    Standing.WRITTEN_OFF: "quiet",
    Standing.VOID: "quiet",
}


def standing_word(standing: Standing, due: date, today: date, *, unbooked: int = 0) -> str:
    """Name how a bill stands: "Due in 9 days", "3 days past due", "Paid", "Credit"."""
    if standing in (Standing.PAST_DUE, Standing.DUE):
        return due_sentence(due, today)
    if standing is Standing.PAID and unbooked > 0:
        return _("Paid, on its way to the city")
    return {
        Standing.PAID: _("Paid"),
        Standing.CREDIT: _("Credit"),
        Standing.LIENED: _("Lien"),
        Standing.WRITTEN_OFF: _("Written off"),
        Standing.VOID: _("Canceled by the city"),
    }[standing]


def look_word(look: BillLook, today: date) -> str:
    """Name how a bill in a list stands."""
    return standing_word(look.standing, look.due_date, today, unbooked=look.unbooked)


def paid_note(unbooked: int) -> str:
    """Say what was paid here and is not booked by the city yet; "" for nothing."""
    if unbooked <= 0:
        return ""
    return _(
        "%(amount)s paid here counts already and is on its way to the city's books.",
        amount=money(unbooked),
    )


def activity_word(activity: str, tender: str, source: str) -> str:
    """Name a row of the city's books: "Payment, check at the counter"."""
    said = {
        "PAYMENT": _("Payment"),
        "ADJUSTMENT": _("Adjustment"),
        "ABATEMENT": _("Abatement"),
        "REFUND": _("Refund"),
        "REVERSAL": _("Payment returned"),
        "TRANSFER": _("Transfer"),
        "FEE": _("Fee"),
        "LIEN": _("Lien"),
    }.get(activity, activity)
    where = {
        "PORTAL": _("online"),
        "LOCKBOX": _("by mail"),
        "COUNTER": _("at the counter"),
        "EFT": _("automatic payment"),
    }.get(source, "")
    return f"{said}, {where}" if where and activity in ("PAYMENT", "REVERSAL") else said


def state_word(state: str) -> str:
    """Name a step of a payment's chain."""
    return {
        "confirming": _("Sent to the card processor"),
        "requires_action": _("Waiting for your bank's check"),
        "processing": _("Your bank is sending the money"),
        "succeeded": _("Payment accepted"),
        "failed": _("Not paid: nothing was charged"),
        "canceled": _("Canceled: nothing was charged"),
        "sent": _("Sent to the city's billing system"),
        "rejected": _("Held for the city's staff to look at"),
        "posted": _("Booked by the city"),
    }.get(state, state)


def payment_word(payment: PortalPayment) -> str:
    """Name where a payment made here stands now."""
    if payment.booked:
        return state_word("posted")
    if payment.steps:
        return state_word(payment.steps[-1].state)
    return state_word(payment.status)


def step_when(step: Step, zone: object) -> str:
    """Say when a step was: an instant, a day, or nothing known."""
    if step.at is not None:
        return moment(step.at, zone)  # type: ignore[arg-type]
    return day(step.day) if step.day is not None else ""


def last_posted(paid: PaidOn) -> str:
    """Write the newest day among the payments."""
    return short_day(paid.last) if paid.last else ""


def added_notice() -> str:
    """Say that bills are in the cart and what comes next, in the guide's words."""
    return _('Added to your cart. To proceed with payment, choose "My Cart", then "Checkout".')


def many_added_notice(added: int, left_out: int, most: int) -> str:
    """Say how many bills went into the cart at once, and what to do about those that did not."""
    if added == 0 and left_out == 0:
        return _("All that is due is in your cart already.")
    said = ngettext(
        "%(n)s bill was added to your cart.", "%(n)s bills were added to your cart.", added
    )
    if left_out:
        said += " " + ngettext(
            "A cart holds at most %(most)s bills, so %(n)s more did not fit. Pay these first, then"
            " add the rest.",
            "A cart holds at most %(most)s bills, so %(n)s more did not fit. Pay these first, then"
            " add the rest.",
            left_out,
            most=most,
        )
    return said


def unpayable_note(look: BillLook) -> str:
    """Say why a bill that owes cannot be paid here, and what to do; "" where it can."""
    if look.payable or look.owed <= 0:
        return ""
    if look.standing is Standing.LIENED:
        return _(
            "This bill stands as a lien and cannot be paid online. Call %(phone)s.",
            phone=city().contact.phone,
        )
    return _("You receive a copy of this bill. Only its payer can pay it here.")
