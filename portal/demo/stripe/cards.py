"""Stripe's published test cards, and what each does when it is charged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TestCard:
    """A test card: `asks` for 3-D Secure, then declines with `code` or succeeds."""

    number: str
    brand: str = "visa"
    asks: bool = False
    code: str = ""
    decline_code: str = ""
    message: str = ""


_DECLINED = "Your card was declined."
CARDS = {
    card.number: card
    for card in (
        TestCard("4242424242424242"),
        TestCard("4000056655665556"),
        TestCard("5555555555554444", "mastercard"),
        TestCard("4000000000000002", "visa", False, "card_declined", "generic_decline", _DECLINED),
        TestCard(
            "4000000000009995",
            "visa",
            False,
            "card_declined",
            "insufficient_funds",
            "Your card has insufficient funds.",
        ),
        TestCard(
            "4000000000000069",
            "visa",
            False,
            "expired_card",
            "expired_card",
            "Your card has expired.",
        ),
        TestCard(
            "4000000000000127",
            "visa",
            False,
            "incorrect_cvc",
            "incorrect_cvc",
            "Your card's security code is incorrect.",
        ),
        TestCard(
            "4000000000000119",
            "visa",
            False,
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
        TestCard("4000002500003155", "visa", True),
        TestCard("4000002760003184", "visa", True),
        TestCard("4000008400001629", "visa", True, "card_declined", "generic_decline", _DECLINED),
    )
}

# The names of Stripe's ready-made test payment methods, for servers that never see a number.
READY_MADE = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_threeDSecureRequired": "4000002760003184",
}


def luhn(number: str) -> bool:
    """True when the digits carry a right check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
