"""What the pretended Stripe account holds: tokens, intents, charges, refunds and events."""

import copy
import hashlib
import threading
from collections.abc import Callable
from typing import Any

import stripe.params as sdk
from stripe.params.test_helpers import ConfirmationTokenCreateParams as TestTokenParams

from portal.demo.stripe import replies
from portal.demo.stripe.cards import CARDS, READY_MADE, TestCard
from portal.demo.stripe.checks import check
from portal.demo.stripe.replies import Body, Refused
from portal.demo.stripe.tokens import read_card
from portal.demo.stripe.webhooks import Outgoing


def _invalid(message: str, **more: Any) -> Refused:
    return Refused(400, "invalid_request_error", message, **more)


class Book:
    """The account's objects by id, each a plain dict, and what may be done to them."""

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        secret_key: str = "sk_test_standin",
        publishable_key: str = "pk_test_standin",
        webhook_secret: str = "whsec_standin",
        account: str = "",
    ) -> None:
        self.clock = clock
        self.secret_key = secret_key
        # Two stand-ins over one database must not hand out the same ids.
        self.account = account
        self.publishable_key = publishable_key
        self.outgoing = Outgoing(webhook_secret)
        self.intents: dict[str, Body] = {}
        self.charges: dict[str, Body] = {}
        self.tokens: dict[str, Body] = {}
        self.refunds: dict[str, Body] = {}
        self.events: dict[str, Body] = {}
        self.numbers: dict[str, str] = {}  # token -> test card number: never in an answer
        self.used: dict[str, str] = {}  # intent -> token it was confirmed with
        self.challenge_url = "http://standin.test/3ds"
        self.count = 0
        self._lock = threading.RLock()
        self._key: str | None = None

    # -- tokens ---------------------------------------------------------------------------

    def _make_token(self, params: Body) -> Body:
        """Make a token from what the Payment Element's own page collected."""
        number, card, billing = read_card(params, self.clock())
        return self._keep_token(number, card, billing, params.get("return_url"))

    def _make_test_token(self, params: Body) -> Body:
        asked = check(TestTokenParams, params)
        method = asked.get("payment_method", "")
        if method not in READY_MADE:
            raise _invalid(f"No such PaymentMethod: '{method}'", param="payment_method")
        number = READY_MADE[method]
        card = replies.card_details(CARDS[number].brand, number, 12, 2034)
        return self._keep_token(number, card, replies.billing_details({}), asked.get("return_url"))

    def _keep_token(self, number: str, card: Body, billing: Body, back: str | None) -> Body:
        ref = self._id("ctoken")
        token = replies.confirmation_token(ref, self.clock(), False, card, billing, back)
        self.tokens[ref] = token
        self.numbers[ref] = number
        return copy.deepcopy(token)

    # -- payment intents ------------------------------------------------------------------

    def _create(self, params: Body) -> Body:
        asked = check(sdk.PaymentIntentCreateParams, params)
        if asked["currency"] != "usd":
            raise _invalid(f"Invalid currency: {asked['currency']}", param="currency")
        if asked["amount"] < 50:
            raise _invalid(
                "Amount must be at least $0.50 usd", param="amount", code="amount_too_small"
            )
        if asked["amount"] > 99_999_999:
            raise _invalid(
                "Amount must be no more than $999,999.99", param="amount", code="amount_too_large"
            )
        token = None
        if asked.get("confirm"):
            token = self._usable_token(asked.get("confirmation_token", ""))
        elif "confirmation_token" in asked:
            raise _invalid(
                "You may only specify `confirmation_token` together with `confirm`.",
                param="confirmation_token",
            )
        ref = self._id("pi")
        intent = replies.payment_intent(
            ref, f"{ref}_secret_{self._random(ref)}", self.clock(), False, asked
        )
        self.intents[ref] = intent
        self._tell("payment_intent.created", intent)
        if token is not None:
            self._confirm(intent, token)
        return self._shown(intent, asked)

    def _usable_token(self, ref: str) -> Body:
        token = self.tokens.get(ref)
        if token is None:
            raise _invalid(f"No such confirmation_token: '{ref}'", param="confirmation_token")
        if token["payment_intent"] is not None:
            raise _invalid(
                "This ConfirmationToken was already used.",
                param="confirmation_token",
                code="resource_already_used",
            )
        if self.clock() >= token["expires_at"]:
            raise _invalid("This ConfirmationToken has expired.", param="confirmation_token")
        return token

    def _confirm(self, intent: Body, token: Body) -> None:
        card = CARDS[self.numbers[token["id"]]]
        token["payment_intent"] = intent["id"]
        self.used[intent["id"]] = token["id"]
        intent["payment_method"] = self._id("pm")
        if card.asks:
            intent["status"] = "requires_action"
            intent["next_action"] = {
                "type": "use_stripe_sdk",
                "use_stripe_sdk": {
                    "type": "three_d_secure_redirect",
                    "stripe_js": f"{self.challenge_url}/{intent['id']}",
                },
            }
            self._tell("payment_intent.requires_action", intent)
            return
        self._charge(intent, card)
        if card.code:
            raise self._declined(intent)

    def _charge(self, intent: Body, card: TestCard) -> None:
        refusal = None
        if card.code:
            refusal = {
                "code": card.code,
                "decline_code": card.decline_code,
                "message": card.message,
                "type": "card_error",
                "charge": None,
            }
        made = replies.charge(
            self._id("ch"), intent, self.tokens[self.used[intent["id"]]], self.clock(), refusal
        )
        self.charges[made["id"]] = made
        intent["latest_charge"] = made["id"]
        intent["next_action"] = None
        if refusal:
            refusal["charge"] = made["id"]
            intent["status"] = "requires_payment_method"
            intent["payment_method"] = None
            intent["last_payment_error"] = refusal
            self._tell("charge.failed", made)
            self._tell("payment_intent.payment_failed", intent)
            return
        intent["status"] = "succeeded"
        intent["amount_received"] = intent["amount"]
        intent["last_payment_error"] = None
        self._tell("charge.succeeded", made)
        self._tell("payment_intent.succeeded", intent)

    def _declined(self, intent: Body) -> Refused:
        refusal = intent["last_payment_error"]
        return Refused(
            402,
            "card_error",
            refusal["message"],
            code=refusal["code"],
            decline_code=refusal["decline_code"],
            charge=refusal["charge"],
            payment_intent=copy.deepcopy(intent),
        )

    def challenge(self, ref: str, passed: bool) -> Body:
        """Answer an intent's 3-D Secure question as its card holder would; public."""
        with self._lock:
            intent = self.intents[ref]
            if intent["status"] != "requires_action":
                return copy.deepcopy(intent)
            if passed:
                self._charge(intent, CARDS[self.numbers[self.used[ref]]])
            else:
                intent["status"] = "requires_payment_method"
                intent["next_action"] = None
                intent["payment_method"] = None
                intent["last_payment_error"] = {
                    "type": "invalid_request_error",
                    "code": "payment_intent_authentication_failure",
                    "message": "We are unable to authenticate your payment method.",
                }
                self._tell("payment_intent.payment_failed", intent)
            return copy.deepcopy(intent)

    def _cancel(self, ref: str, params: Body) -> Body:
        asked = check(sdk.PaymentIntentCancelParams, params)
        intent = self._found(self.intents, ref, "payment_intent")
        if intent["status"] not in (
            "requires_payment_method",
            "requires_capture",
            "requires_confirmation",
            "requires_action",
        ):
            raise _invalid(
                "You cannot cancel this PaymentIntent because it has a status of"
                f" {intent['status']}.",
                code="payment_intent_unexpected_state",
                payment_intent=copy.deepcopy(intent),
            )
        intent["status"] = "canceled"
        intent["canceled_at"] = self.clock()
        intent["cancellation_reason"] = asked.get("cancellation_reason")
        intent["next_action"] = None
        self._tell("payment_intent.canceled", intent)
        return self._shown(intent, asked)

    def _retrieve_public(self, ref: str, params: Body) -> Body:
        intent = self._found(self.intents, ref, "payment_intent")
        if params.get("client_secret") != intent["client_secret"]:
            raise Refused(
                401, "invalid_request_error", "The client_secret does not match.", code=""
            )
        return copy.deepcopy(intent)

    def _refund(self, params: Body) -> Body:
        asked = check(sdk.RefundCreateParams, params)
        intent = self._found(self.intents, asked.get("payment_intent", ""), "payment_intent")
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None or not charge["paid"]:
            raise _invalid("This PaymentIntent does not have a successful charge to refund.")
        left = charge["amount"] - charge["amount_refunded"]
        amount = asked.get("amount", left)
        if amount <= 0 or amount > left:
            raise _invalid(
                f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
                param="amount",
            )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        made = replies.refund(self._id("re"), intent, amount, asked, self.clock())
        self.refunds[made["id"]] = made
        self._tell("refund.created", made)
        self._tell("charge.refunded", charge)
        return copy.deepcopy(made)

    def _shown(self, intent: Body, asked: Body) -> Body:
        shown = copy.deepcopy(intent)
        expand = asked.get("expand", [])
        if "latest_charge" in expand and shown.get("latest_charge"):
            shown["latest_charge"] = copy.deepcopy(self.charges[shown["latest_charge"]])
        if "source" in expand and shown["object"] == "balance_transaction":
            source = shown["source"]
            shown["source"] = copy.deepcopy(self.charges.get(source) or self.refunds[source])
        return shown

    def movements(self) -> dict[str, Body]:
        """Return the account's balance transactions: every paid charge and every refund."""
        moved = [charge for charge in self.charges.values() if charge["paid"]]
        rows = sorted([*moved, *self.refunds.values()], key=lambda row: row["created"])
        return {row["balance_transaction"]: replies.balance_transaction(row) for row in rows}

    def _found(self, rows: dict[str, Body], ref: str, noun: str) -> Body:
        if ref not in rows:
            raise Refused(
                404,
                "invalid_request_error",
                f"No such {noun}: '{ref}'",
                code="resource_missing",
            )
        return rows[ref]

    def _tell(self, kind: str, about: Body) -> None:
        ref = self._id("evt")
        event = replies.event(ref, kind, copy.deepcopy(about), self.clock(), False, self._key)
        self.events[ref] = event
        self.outgoing.add(event, self.clock())

    def quiet(self) -> threading.RLock:
        """Return the lock that holds every request off while it is held."""
        return self._lock

    def _random(self, of: str) -> str:
        return hashlib.sha256(f"{self.secret_key}{self.account}{of}".encode()).hexdigest()[:24]

    def _id(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}_{self._random(f'{prefix}{self.count}')}"
