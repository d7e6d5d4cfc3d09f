"""The bill as a tagged PDF (PDF/UA-1), drawn by typst from `bill.typ`.

The same words and amounts as the page, in the language being spoken. Fonts are those that the
typst wheel carries, so that every machine draws the same bill.
"""

import json
from functools import cache
from pathlib import Path
from threading import Lock

import typst

from portal.cities import city
from portal.domain.bills.details import BillDetails
from portal.domain.bills.explain import (
    average_day,
    headline,
    quantity,
    read_notes,
    read_word,
    unit_sentence,
)
from portal.domain.bills.rules import Charge, ReadLine
from portal.kit.text import _, day, language, money, number, short_day

TEMPLATE = Path(__file__).with_name("bill.typ")
# A compiler keeps its caches between bills and takes one at a time.
_one_at_a_time = Lock()


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), ignore_system_fonts=True)


def bill_pdf(bill: BillDetails, status: str) -> bytes:
    """Return the bill as PDF bytes. `status` says how it stands, in words."""
    data = json.dumps(_words(bill, status))
    with _one_at_a_time:
        made = _compiler().compile(sys_inputs={"bill": data}, format="pdf", pdf_standards=["ua-1"])
    if not isinstance(made, bytes):
        raise TypeError("a bill is one document")
    return made


def file_name(bill: BillDetails) -> str:
    """Return what a browser saves the bill as: ASCII, no separators."""
    kept = "".join(c for c in bill.bill_no if c.isascii() and c.isalnum())
    return f"{city().key}-bill-{bill.statement_date.isoformat()}-{kept}.pdf"


def _words(bill: BillDetails, status: str) -> dict[str, object]:
    town, contact = city(), city().contact
    printed = [read for read in bill.reads if read.billed]
    gallons = town.units.gallons_per_unit
    return {
        "lang": language(),
        "town": town.full_name,
        "office": [contact.office.say(), *contact.address, contact.phone],
        "title": _("Utility bill %(number)s", number=bill.bill_no),
        "number_line": _("Statement Date") + ": " + day(bill.statement_date),
        "customer_label": _("Customer Name"),
        "customer": [bill.person.name, *bill.person.lines],
        "place_label": _("Service Address"),
        "place": [bill.service_address, bill.place],
        "key_heads": [
            _("Bill Number"),
            _("Account Number - Customer Number"),
            _("Statement Date"),
            _("Due Date"),
        ],
        "keys": [
            bill.bill_no,
            f"{bill.account_no} - {bill.person.cid}",
            short_day(bill.statement_date),
            short_day(bill.due_date),
        ],
        "amount_label": _("Credit") if bill.credit else _("Balance Due"),
        "amount": money(-bill.credit if bill.credit else bill.owed),
        "due_label": _("Pay By"),
        "due": day(bill.due_date),
        "status": status,
        "why": headline(bill.change),
        "notes": [line for line in (average_day(bill.reads, gallons), *read_notes(bill.reads)) if line],
        "reads_title": _("Meter reads"),
        "reads_heads": [
            _("Meter Number"),
            _("Previous Read Date"),
            _("Current Read Date"),
            _("Previous Meter Read"),
            _("Current Meter Read"),
            _("Usage (Units)"),
            _("Read"),
        ],
        "reads": [_read(read) for read in printed],
        "unit": unit_sentence(printed[0].unit, gallons) if printed else "",
        "charges_title": _("Charges"),
        "charges_heads": [_("Charge"), _("Usage"), _("Amount")],
        "charges": [_charge(charge) for charge in bill.charges],
        "charges_total": [_("Total charges"), "", money(bill.billed)],
        **_sums(bill),
        **_history(bill),
        "message_title": _("Message from the city"),
        "message": bill.message,
        "foot": _(
            "Bill %(number)s · Account %(account)s · %(town)s",
            number=bill.bill_no,
            account=bill.account_no,
            town=town.full_name,
        ),
    }


def _read(read: ReadLine) -> list[str]:
    return [
        read.serial_no,
        short_day(read.previous_date),
        short_day(read.read_date),
        number(read.previous, 3),
        number(read.current, 3),
        number(read.usage, 3),
        read_word(read),
    ]


def _charge(charge: Charge) -> list[str]:
    return [charge.description, how(charge), money(charge.original)]


def how(charge: Charge) -> str:
    """Write how a charge came about, as printed: "10 CCF × $5.51"; "" where the bill is silent."""
    if charge.quantity is None or charge.rate is None:
        return ""
    unit = f" {charge.unit}" if charge.unit else ""
    rate = number(charge.rate, 6)
    whole, _point, part = rate.partition(".")
    return f"{number(charge.quantity, 3)}{unit} × ${whole}.{part:0<2}"


def sums(bill: BillDetails) -> list[tuple[str, int]]:
    """Return how the balance comes about as (what, cents), leaving out what is nothing."""
    parts = (
        (_("Charges"), bill.billed),
        (_("Adjustments"), bill.adjusted),
        (_("Abatements"), -bill.abated),
        (_("Payments booked"), -bill.paid),
        (_("Refunds"), bill.refunded),
        (_("Written off"), -bill.written_off),
        (_("Penalty"), bill.penalty),
        (_("Interest"), bill.interest),
        (_("Paid here, on its way"), -bill.unbooked),
    )
    return [(what, cents) for what, cents in parts if cents]


def _sums(bill: BillDetails) -> dict[str, object]:
    rows = sums(bill)
    return {
        "sums_title": _("How the balance comes about"),
        "sums_heads": [_("What"), _("Amount")],
        "sums": [[what, money(cents)] for what, cents in rows] if len(rows) > 1 else [],
    }


def _history(bill: BillDetails) -> dict[str, object]:
    known = [spell for spell in bill.history if spell.usage is not None]
    top = max((spell.usage for spell in known if spell.usage is not None), default=0)
    said = "; ".join(
        f"{short_day(spell.statement_date)}: {quantity(spell.usage, spell.unit)}"
        for spell in known
        if spell.usage is not None
    )
    return {
        "history_title": _("The last 13 months"),
        "history_alt": _("Bar chart of the usage on each bill. %(values)s", values=said),
        "history": [
            {
                "label": f"{spell.statement_date.month}/{spell.statement_date:%y}",
                "value": number(spell.usage, 3),
                # A share of the drawing's height, not an amount of anything.
                "part": str(max(spell.usage, 0) / top) if top else "0",
                "now": spell.bill_id == bill.bill_id,
            }
            for spell in known
            if spell.usage is not None
        ],
    }
