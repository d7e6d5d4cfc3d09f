"""Why a payment did not go through, in plain words, by the processor's code."""

from portal.kit.text import N_

_NOT_CHARGED = N_("Your bank declined the card. You have not been charged. Try another card.")
_NOT_TAKEN = N_(
    "Card payments are not working as they should just now. You have not been charged."
    " Please try again later, or call us to pay by phone."
)
_BY_CODE = {
    "insufficient_funds": N_(
        "The card does not have enough funds. You have not been charged. Try another card."
    ),
    "expired_card": N_("The card has expired. You have not been charged. Try another card."),
    "incorrect_cvc": N_(
        "The card's security code is not right. You have not been charged. Check it and try again."
    ),
    "processing_error": N_(
        "The bank could not process the card just now. You have not been charged. Try again."
    ),
    "payment_intent_authentication_failure": N_(
        "Your bank could not confirm that it is you. You have not been charged."
        " Try again or use another card."
    ),
    "canceled": N_("The bank's confirmation did not come in time. You have not been charged."),
    "stopped": N_("You stopped this payment. You have not been charged."),
    "ended": N_(
        "The card processor could not complete this payment, and the city's staff ended it."
        " You have not been charged."
    ),
    "given_back": N_(
        "The card processor could not complete this payment as you made it. What was charged"
        " was given back to your card; your bank may take a few days to show it."
    ),
    "never_arrived": N_("The payment never reached the bank. You have not been charged."),
}


def reason(code: str) -> str:
    """Return the sentence's message id for a failure code; unknown codes are a plain decline."""
    if code.startswith("request:"):
        return _NOT_TAKEN
    return _BY_CODE.get(code, _NOT_CHARGED)
