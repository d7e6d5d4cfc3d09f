"""Rows that several staff screens show, and how they are written."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.cities import city
from portal.domain.payments.reasons import reason
from portal.domain.staff.lists import ImportRow
from portal.domain.staff.records import MessageRow, PaymentRow
from portal.kit.text import N_, _, money, number, short_day

PAYMENT_WORDS = {
    "confirming": (N_("In doubt"), "warn"),
    "requires_action": (N_("Waiting for the bank's check"), "warn"),
    "processing": (N_("On its way"), "quiet"),
    "succeeded": (N_("Paid"), "good"),
    "failed": (N_("Failed"), "bad"),
    "canceled": (N_("Canceled"), "quiet"),
}
MAIL_WORDS = {
    "waiting": (N_("Waiting"), "quiet"),
    "sent": (N_("Sent"), "good"),
    "failed": (N_("Not sent"), "bad"),
}
IMPORT_WORDS = {
    "done": (N_("Done"), "good"),
    "refused": (N_("Refused"), "bad"),
    "unchanged": (N_("No change"), "quiet"),
}


@dataclass(frozen=True)
class PaymentLine:
    """A payment in a list."""

    id: str = ""
    number: str = ""
    at: str = ""
    amount: str = ""
    how: str = ""
    status: str = ""
    tone: str = "quiet"
    who: str = ""
    bills: str = ""
    reason: str = ""
    # Leads to the sign-in that paid.
    user: str = ""


@dataclass(frozen=True)
class MessageLine:
    """A message in a list."""

    id: str = ""
    at: str = ""
    kind: str = ""
    recipient: str = ""
    subject: str = ""
    status: str = ""
    tone: str = "quiet"
    attempts: int = 0
    error: str = ""
    may_retry: bool = False
    # Leads to the sign-in it was for; "" where it was for none.
    user: str = ""


@dataclass(frozen=True)
class ImportLine:
    """A run of an importer in a list."""

    id: str = ""
    at: str = ""
    source: str = ""
    kind: str = ""
    as_of: str = ""
    rows: str = ""
    faults: str = ""
    status: str = ""
    tone: str = "quiet"
    reason: str = ""


def when(at: datetime | None) -> str:
    """Write an instant in the city's time, short: 1/26/2027 11:05; "" for none."""
    if at is None:
        return ""
    local = at.astimezone(city().zone)
    return f"{short_day(local.date())} {local:%H:%M}"


def on(day: date | None) -> str:
    """Write a date, or "" for none."""
    return "" if day is None else short_day(day)


def payment_line(row: PaymentRow) -> PaymentLine:
    """Write a payment."""
    word, tone = PAYMENT_WORDS[row.status]
    kind = _("Card") if row.method == "card" else _("Bank account")
    return PaymentLine(
        str(row.payment_id),
        str(row.number),
        when(row.at),
        money(row.amount),
        f"{kind} {row.last4}".strip(),
        _(word),
        tone,
        row.who,
        row.bills,
        _(reason(row.failure_code)) if row.failure_code else "",
        str(row.user_id),
    )


def message_line(row: MessageRow) -> MessageLine:
    """Write a message; its text stays unread: it may hold a link that signs in."""
    word, tone = MAIL_WORDS[row.status]
    standing = _(word)
    if row.next_try_at is not None:
        standing = _("Waiting, next try %(at)s", at=when(row.next_try_at))
    return MessageLine(
        str(row.mail_id),
        when(row.at),
        row.kind,
        row.to,
        row.subject,
        standing,
        tone,
        row.attempts,
        row.error,
        row.status == "failed",
        str(row.user_id or ""),
    )


def import_line(row: ImportRow) -> ImportLine:
    """Write a run of an importer."""
    word, tone = IMPORT_WORDS[row.status]
    return ImportLine(
        str(row.run_id),
        when(row.at),
        row.source,
        _("Billing files") if row.kind == "exchange" else _("Meter readings"),
        when(row.as_of),
        number(row.rows),
        number(row.faults),
        _(word),
        tone,
        row.reason,
    )
