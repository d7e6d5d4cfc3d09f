"""Money is integer cents. One rounding function, one way to read it, one way to write it."""

import re
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency

_TYPED = re.compile(r"\$?\s*(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{1,2}))?\Z", re.ASCII)


def round_cents(dollars: Decimal) -> int:
    """Round an amount of dollars half up (away from zero) to integer cents."""
    return int((dollars * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def read_typed_cents(text: object) -> int | None:
    """Return the cents of what a person typed ("$1,234.5", "12"), or None where it is no amount.

    Negative amounts, exponents, other scripts' digits and more than two decimals are no amount.
    """
    if not isinstance(text, str) or len(text) > 20:
        return None
    match = _TYPED.match(text.strip())
    if match is None:
        return None
    return int(match[1].replace(",", "")) * 100 + int((match[2] or "0").ljust(2, "0"))


def plain_dollars(cents: int) -> str:
    """Write cents as a form field or a CSV file has them: -1234.50."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def format_cents(cents: int, locale: str = "en") -> str:
    """Write cents as dollars for a reader of `locale` ("en" or "es"): $1,234.50."""
    return format_currency(
        Decimal(cents) / 100, "USD", locale="es_US" if locale == "es" else "en_US"
    )
