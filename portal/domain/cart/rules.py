"""What may be paid on a bill, and what Billing Information must say. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from email_validator import EmailNotValidError, validate_email

from portal.cities.model import Payments
from portal.kit.errors import DomainError, Problems
from portal.kit.ids import BillId
from portal.kit.money import format_cents, read_typed_cents
from portal.kit.text import N_

WINDOW_SECONDS = 600
EXTENSIONS = 12  # WCAG 2.2.1 asks for at least ten
CARD_MINIMUM_CENTS = 50
CARD_MAXIMUM_CENTS = 99_999_999
MOST_BILLS = 50
_ZIP = re.compile(r"\d{5}(-?\d{4})?\Z", re.ASCII)
_PHONE = re.compile(r"[0-9 ().+-]{7,25}\Z", re.ASCII)


@dataclass(frozen=True)
class Wanted:
    """One line of Pay Bills: what the bill owes, in cents, and what was typed beside it."""

    bill_id: BillId
    account_id: object
    category: int
    statement_date: date
    owed_cents: int
    typed: str


def read_amounts(lines: Sequence[Wanted], rules: Payments) -> dict[BillId, int]:
    """Return the cents to pay on each bill. Raises Problems, one for each field at fault."""
    amounts: dict[BillId, int] = {}
    problems: list[DomainError] = []
    for line in lines:
        field = f"amount-{line.bill_id}"
        cents = read_typed_cents(line.typed)
        refusal = _refusal(cents, line.owed_cents, rules, field)
        if refusal is not None:
            problems.append(refusal)
        elif cents is not None:
            amounts[line.bill_id] = cents
    if not problems and rules.oldest_first:
        problems += _out_of_order(lines, amounts)
    if problems:
        raise Problems(problems)
    return amounts


def _refusal(cents: int | None, owed: int, rules: Payments, field: str) -> DomainError | None:
    if cents is None or cents == 0:
        return DomainError(
            N_("Enter a Payment Amount in dollars and cents, like 127.11."), field=field
        )
    if cents > owed and not rules.overpay_allowed:
        return DomainError(
            N_("The Payment Amount is more than the balance. Enter %(balance)s or less."),
            field=field,
            balance=format_cents(owed),
        )
    if cents < owed and not rules.partial_allowed:
        return DomainError(
            N_("This bill can only be paid in full. Enter %(balance)s."),
            field=field,
            balance=format_cents(owed),
        )
    least = min(rules.minimum_cents, owed)
    if cents < least:
        return DomainError(
            N_("The smallest payment on this bill is %(minimum)s."),
            field=field,
            minimum=format_cents(least),
        )
    return None


def _out_of_order(lines: Sequence[Wanted], amounts: Mapping[BillId, int]) -> list[DomainError]:
    short: set[tuple[object, int]] = set()
    problems: list[DomainError] = []
    for line in sorted(lines, key=lambda one: one.statement_date):
        row = (line.account_id, line.category)
        if row in short:
            problems.append(
                DomainError(
                    N_("An older bill of this account comes first. Pay that one in full."),
                    field=f"amount-{line.bill_id}",
                )
            )
        if amounts[line.bill_id] < line.owed_cents:
            short.add(row)
    return problems


def check_total(cents: int) -> None:
    """Refuse what no card can carry. Raises DomainError."""
    if cents < CARD_MINIMUM_CENTS:
        raise DomainError(
            N_("The smallest card payment is %(minimum)s."),
            minimum=format_cents(CARD_MINIMUM_CENTS),
        )
    if cents > CARD_MAXIMUM_CENTS:
        raise DomainError(
            N_("The largest card payment is %(maximum)s. Pay some of the bills first."),
            maximum=format_cents(CARD_MAXIMUM_CENTS),
        )


@dataclass(frozen=True)
class Billing:
    """Billing Information as typed; never card data."""

    name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for storing."""
        return asdict(self)


_LIMITS = {
    "name": 100,
    "address1": 100,
    "address2": 100,
    "city": 60,
    "state": 2,
    "zip": 10,
    "phone": 25,
    "email": 254,
}


def read_billing(form: Mapping[str, object]) -> Billing:
    """Return what was typed, trimmed and cut to size; nothing is judged here."""
    typed = {}
    for name, limit in _LIMITS.items():
        value = form.get(name)
        text = value if isinstance(value, str) else ""
        typed[name] = "".join(c for c in text if c.isprintable()).strip()[:limit]
    return Billing(**typed)


def check_billing(billing: Billing) -> None:
    """Refuse Billing Information that a card holder's bank could not check. Raises Problems."""
    problems = [
        DomainError(sentence, field=field)
        for field, sentence in (
            ("name", N_("Enter the name on the card.")),
            ("address1", N_("Enter the card's billing address.")),
            ("city", N_("Enter the city.")),
            ("state", N_("Choose the state.")),
        )
        if not getattr(billing, field)
    ]
    if not _ZIP.match(billing.zip):
        problems.append(DomainError(N_("Enter the ZIP code: five digits, or nine."), field="zip"))
    if billing.phone and not _PHONE.match(billing.phone):
        problems.append(
            DomainError(N_("Enter the phone number in digits, like 925-555-0100."), field="phone")
        )
    try:
        validate_email(billing.email, check_deliverability=False)
    except EmailNotValidError:
        problems.append(
            DomainError(
                N_("Enter the email address for the receipt, like name@example.com."),
                field="email",
            )
        )
    if problems:
        raise Problems(problems)
