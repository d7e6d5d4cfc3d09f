"""Read a test card as the Payment Element's page posts it."""

from datetime import UTC, datetime
from typing import Any

from portal.demo.stripe.cards import CARDS, luhn
from portal.demo.stripe.replies import Body, Refused, billing_details, card_details


def _card_error(code: str, message: str) -> Refused:
    return Refused(402, "card_error", message, code=code, param=code.split("_")[-1])


def read_card(params: Body, now: int) -> tuple[str, Body, Body]:
    """Return number, card details and billing details. Raises Refused as Stripe words it."""
    data: dict[str, Any] = params.get("payment_method_data", {})
    card = data.get("card", {})
    number = "".join(c for c in str(card.get("number", "")) if c not in " -")
    if not number.isascii() or not number.isdigit() or len(number) < 12:
        raise _card_error("incomplete_number", "Your card number is incomplete.")
    if not luhn(number):
        raise _card_error("incorrect_number", "Your card number is invalid.")
    month, year = str(card.get("exp_month", "")), str(card.get("exp_year", ""))
    if not (month.isascii() and month.isdigit() and year.isascii() and year.isdigit()):
        raise _card_error("incomplete_expiry", "Your card's expiration date is incomplete.")
    full_year = int(year) + (2000 if int(year) < 100 else 0)
    today = datetime.fromtimestamp(now, UTC)
    if not 1 <= int(month) <= 12 or full_year > today.year + 50:
        raise _card_error("invalid_expiry", "Your card's expiration date is invalid.")
    if (full_year, int(month)) < (today.year, today.month):
        raise _card_error("invalid_expiry", "Your card's expiration date is in the past.")
    cvc = str(card.get("cvc", ""))
    if not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, 4)):
        raise _card_error("incomplete_cvc", "Your card's security code is incomplete.")
    known = CARDS.get(number)
    if known is None:
        raise _card_error(
            "card_declined",
            "Your card was declined. Your request was in test mode, but used a non test card.",
        )
    return (
        number,
        card_details(known.brand, number, int(month), full_year),
        billing_details(data.get("billing_details", {})),
    )
