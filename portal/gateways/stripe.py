"""The card processor: a Protocol, and Stripe behind it through its own SDK.

Our server sees a confirmation token, never a digit of a card. Every call ends well under ten
seconds; what it could not learn is `Unknown`, and the sweep asks again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import stripe

# Begins the code of a refusal that is no word of the card holder's bank.
OUR_FAULT = "request:"
# What the night looks through: the events that say how a payment ended.
_OUTCOMES = (
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
)
CONNECT_SECONDS, READ_SECONDS = 2.0, 6.0


@dataclass(frozen=True)
class Intent:
    """A PaymentIntent as the processor tells it now; amounts in cents."""

    ref: str
    status: str
    amount_cents: int
    received_cents: int
    currency: str
    livemode: bool
    payment_id: str = ""
    client_secret: str = ""
    card_brand: str = ""
    last4: str = ""
    failure_code: str = ""
    refunded_cents: int = 0

    @property
    def held_cents(self) -> int:
        """What the processor took and has not given back."""
        return self.received_cents - self.refunded_cents


@dataclass(frozen=True)
class Notice:
    """A verified webhook: which event, about which object. Its payload is not believed."""

    event_id: str
    kind: str
    object_ref: str
    livemode: bool


@dataclass(frozen=True)
class Movement:
    """A line of the processor's own account of our money: a charge, a refund, a payout.

    `amount_cents` is signed, before fees; `intent_ref` is "" where no intent is behind it.
    """

    ref: str
    kind: str
    amount_cents: int
    fee_cents: int
    intent_ref: str


class Unknown(Exception):
    """Nobody knows whether it happened: a timeout, a broken connection, a 500."""


class Refused(Exception):
    """The processor refused the request itself: nothing was charged and nothing will be."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadSignature(Exception):
    """A webhook that the processor did not sign, or signed too long ago."""


class CardProcessor(Protocol):
    """What the payment desk needs of a processor."""

    livemode: bool

    def confirm(self, request: Mapping[str, Any], key: str) -> Intent:
        """Create and confirm a PaymentIntent under an idempotency key.

        A declined card is an Intent too. Raises Unknown or Refused.
        """

    def retrieve(self, ref: str) -> Intent:
        """Return the intent as it stands. Raises Unknown or Refused."""

    def cancel(self, ref: str) -> Intent:
        """Cancel the intent if it still can be; return it as it then stands. Raises Unknown."""

    def find(self, payment_id: str, since: datetime) -> Intent | None:
        """Return the intent made for our payment since then, or None. Raises Unknown."""

    def since(self, start: datetime) -> Iterator[Intent]:
        """Yield every intent made since then, newest first. Raises Unknown."""

    def events(self, start: datetime) -> Iterator[Notice]:
        """Yield every event about an intent since then, newest first. Raises Unknown."""

    def movements(self, start: datetime) -> Iterator[Movement]:
        """Yield every movement of money since then, newest first. Raises Unknown."""

    def notice(self, payload: bytes, signature: str) -> Notice:
        """Verify a webhook's raw body. Raises BadSignature."""


class StripeProcessor:
    """Stripe's v1 API."""

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        *,
        livemode: bool,
        api_base: str = "",
        http_client: stripe.HTTPClient | None = None,
    ) -> None:
        self.livemode = livemode
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret_key,
            http_client=http_client
            or stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
            base_addresses={"api": api_base} if api_base else {},
            # The sweep repeats a request, with the database's word for it; the SDK must not.
            max_network_retries=0,
        )

    def confirm(self, request: Mapping[str, Any], key: str) -> Intent:
        """See CardProcessor."""
        try:
            made = self._client.v1.payment_intents.create(
                dict(request),  # type: ignore[arg-type]
                {"idempotency_key": key},
            )
        except stripe.CardError as declined:
            intent = _intent_of(declined)
            if intent is None:
                raise Refused(declined.code or "card_error", str(declined)) from declined
            return intent
        except stripe.IdempotencyError as clash:
            # The key was used with other parameters: something was sent under it. Look it up.
            raise Unknown(str(clash)) from clash
        except (stripe.InvalidRequestError, stripe.AuthenticationError) as refused:
            code = OUR_FAULT + (refused.code or "invalid")
            raise Refused(code, str(refused)) from refused
        except stripe.PermissionError as refused:
            raise Refused(OUR_FAULT + "permission", str(refused)) from refused
        except stripe.StripeError as lost:
            raise Unknown(str(lost)) from lost
        return _read(made.to_dict())

    def retrieve(self, ref: str) -> Intent:
        """See CardProcessor."""
        try:
            found = self._client.v1.payment_intents.retrieve(ref, {"expand": ["latest_charge"]})
        except stripe.InvalidRequestError as refused:
            raise Refused(refused.code or "invalid_request", str(refused)) from refused
        except stripe.StripeError as lost:
            raise Unknown(str(lost)) from lost
        return _read(found.to_dict())

    def cancel(self, ref: str) -> Intent:
        """See CardProcessor."""
        try:
            self._client.v1.payment_intents.cancel(ref, {"cancellation_reason": "abandoned"})
        except stripe.InvalidRequestError:
            pass  # Too late to cancel: what it has become is read below.
        except stripe.StripeError as lost:
            raise Unknown(str(lost)) from lost
        return self.retrieve(ref)

    def find(self, payment_id: str, since: datetime) -> Intent | None:
        """See CardProcessor."""
        return next((one for one in self.since(since) if one.payment_id == payment_id), None)

    def since(self, start: datetime) -> Iterator[Intent]:
        """See CardProcessor."""
        # The list is consistent at once; Stripe's search lags behind and must not decide money.
        try:
            page = self._client.v1.payment_intents.list(
                {
                    "created": {"gte": int(start.timestamp())},
                    "limit": 100,
                    "expand": ["data.latest_charge"],
                }
            )
            for found in page.auto_paging_iter():
                yield _read(found.to_dict())
        except stripe.StripeError as lost:
            raise Unknown(str(lost)) from lost

    def events(self, start: datetime) -> Iterator[Notice]:
        """See CardProcessor."""
        try:
            page = self._client.v1.events.list(
                {
                    "created": {"gte": int(start.timestamp())},
                    "limit": 100,
                    "types": list(_OUTCOMES),
                }
            )
            for found in page.auto_paging_iter():
                yield _notice(found.to_dict())
        except stripe.StripeError as lost:
            raise Unknown(str(lost)) from lost

    def movements(self, start: datetime) -> Iterator[Movement]:
        """See CardProcessor."""
        try:
            page = self._client.v1.balance_transactions.list(
                {
                    "created": {"gte": int(start.timestamp())},
                    "limit": 100,
                    "expand": ["data.source"],
                }
            )
            for found in page.auto_paging_iter():
                body = found.to_dict()
                source = body.get("source")
                about = source if isinstance(source, Mapping) else {}
                yield Movement(
                    body["id"],
                    body["type"],
                    body["amount"],
                    body["fee"],
                    about.get("payment_intent") or "",
                )
        except stripe.StripeError as lost:
            raise Unknown(str(lost)) from lost

    def notice(self, payload: bytes, signature: str) -> Notice:
        """See CardProcessor."""
        try:
            event = stripe.Webhook.construct_event(payload, signature, self._webhook_secret)
        except (ValueError, stripe.SignatureVerificationError) as bad:
            raise BadSignature(str(bad)) from bad
        return _notice(event.to_dict())


def _notice(body: Mapping[str, Any]) -> Notice:
    about = body["data"]["object"]
    ref = about["id"] if about.get("object") == "payment_intent" else ""
    return Notice(
        body["id"], body["type"], ref or about.get("payment_intent") or "", body["livemode"]
    )


def _intent_of(declined: stripe.CardError) -> Intent | None:
    body: Mapping[str, Any] = declined.json_body or {}  # type: ignore[assignment]
    intent = body.get("error", {}).get("payment_intent")
    return _read(intent) if intent else None


def _read(body: Mapping[str, Any]) -> Intent:
    charge = body.get("latest_charge")
    details = charge.get("payment_method_details") if isinstance(charge, Mapping) else None
    card = (details or {}).get("card") or {}
    problem = body.get("last_payment_error") or {}
    return Intent(
        ref=body["id"],
        status=body["status"],
        amount_cents=body["amount"],
        received_cents=body.get("amount_received") or 0,
        currency=body["currency"],
        livemode=body["livemode"],
        payment_id=(body.get("metadata") or {}).get("payment_id", ""),
        client_secret=body.get("client_secret") or "",
        card_brand=card.get("brand") or "",
        last4=card.get("last4") or "",
        failure_code=problem.get("decline_code") or problem.get("code") or "",
        refunded_cents=charge["amount_refunded"] if isinstance(charge, Mapping) else 0,
    )
