"""The bill as a tagged PDF (PDF/UA-1), drawn by typst from `bill.typ`.

The same words and amounts as the page, in the language being spoken. Fonts are those that the
typst wheel carries, so that every machine draws the same bill.
"""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Lock

import typst

from portal import routes
from portal.cities import city
from portal.domain.bills import code
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
from portal.domain.bills.rules import Charge, ReadLine
from portal.domain.bills.scan import qr_svg, scan_line
from portal.kit.text import _, day, language, money, month_of, number, short_day

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
        "office": [f"{contact.office.say()} · {contact.phone}", ", ".join(contact.address)],
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
        **_to_pay(bill),
        "why": headline(bill.change),
        "notes": [
            line for line in (average_day(bill.reads, gallons), *read_notes(bill.reads)) if line
        ],
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
        "address_label": _("This bill in the portal"),
        "address": routes.absolute(routes.BILL, id=bill.bill_id),
        "foot": _(
            "Bill %(number)s · Account %(account)s · %(town)s",
            number=bill.bill_no,
            account=bill.account_no,
            town=town.full_name,
        ),
    }


def _to_pay(bill: BillDetails) -> dict[str, object]:
    """Return what a phone or a counter reads to pay what is owed; nothing where nothing is."""
    if not bill.owed:
        return {"qr": "", "scan": ""}
    return {
        "qr": qr_svg(code.address(bill.bill_id)),
        "qr_label": _("Scan to pay"),
        "qr_alt": _("QR code that leads to this bill in the portal, to be paid there"),
        "scan": scan_line(bill.account_no, bill.bill_no, bill.owed),
        "scan_label": _("For the payment counter"),
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


def _sums(bill: BillDetails) -> dict[str, object]:
    rows = sums(bill)
    return {
        "sums_title": _("How the balance comes about"),
        "sums_heads": [_("What"), _("Amount")],
        "sums": [[what, money(cents)] for what, cents in rows] if len(rows) > 1 else [],
    }


def _history(bill: BillDetails) -> dict[str, object]:
    known = [(spell, spell.usage) for spell in bill.history if spell.usage is not None]
    top = max((usage for _spell, usage in known), default=Decimal(0))
    said = "; ".join(
        f"{short_day(spell.statement_date)}: {quantity(usage, spell.unit)}"
        for spell, usage in known
    )
    return {
        "history_title": _("The last 13 months"),
        "history_alt": _("Bar chart of the usage on each bill. %(values)s", values=said),
        "history": [
            {
                "label": month_of(spell.statement_date, short=True),
                "value": number(usage, 3),
                # A share of the drawing's height, not an amount of anything.
                "part": str(max(usage, Decimal(0)) / top) if top > 0 else "0",
                "now": spell.bill_id == bill.bill_id,
            }
            for spell, usage in known
        ],
    }
