"""The stand-in is as strict as Stripe: parameters, keys, tokens, refunds, webhooks, shapes."""

import typing
from typing import Any

import pytest
import stripe

from portal.demo.stripe.core import LostReply, Standin
from portal.demo.stripe.inprocess import InProcess
from portal.demo.stripe.webhooks import PAUSES

NOW = 1_800_000_000


@pytest.fixture
def standin() -> Standin:
    return Standin(lambda: NOW)


@pytest.fixture
def client(standin: Standin) -> stripe.StripeClient:
    return stripe.StripeClient(
        standin.secret_key, http_client=InProcess(standin), max_network_retries=0
    )


def _token(client: stripe.StripeClient, method: str = "pm_card_visa") -> str:
    return client.v1.test_helpers.confirmation_tokens.create({"payment_method": method}).id


def _pay(client: stripe.StripeClient, key: str, token: str, **more: Any) -> stripe.PaymentIntent:
    asked: Any = {
        "amount": 5000,
        "currency": "usd",
        "confirm": True,
        "confirmation_token": token,
        "allowed_payment_method_types": ["card"],
        **more,
    }
    return client.v1.payment_intents.create(asked, {"idempotency_key": key})


def test_a_key_replays_its_first_answer_and_refuses_other_parameters(
    client: stripe.StripeClient,
) -> None:
    token = _token(client)
    first = _pay(client, "one", token)
    assert _pay(client, "one", token).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        _pay(client, "one", token, amount=5001)


def test_a_key_replays_a_500(client: stripe.StripeClient, standin: Standin) -> None:
    standin.faults.append("error_500")
    token = _token(client)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            _pay(client, "one", token)
    assert standin.charges == {}


@pytest.mark.parametrize(
    "more",
    [
        {"payment_method_types": ["card"]},  # gone from this version of the API
        {"amount": "much"},
        {"confirm": "perhaps"},
        {"description": {"a": "b"}},
        {"amount": 49},
        {"currency": "eur"},
    ],
)
def test_what_stripe_refuses_is_refused(
    client: stripe.StripeClient, standin: Standin, more: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        _pay(client, "one", _token(client), **more)
    assert standin.intents == {}


def test_a_token_works_once(client: stripe.StripeClient) -> None:
    token = _token(client)
    _pay(client, "one", token)
    with pytest.raises(stripe.InvalidRequestError, match="already used"):
        _pay(client, "two", token)


def test_a_refund_is_capped_by_what_remains(client: stripe.StripeClient) -> None:
    intent = _pay(client, "one", _token(client))
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 4000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1001})


def test_a_lost_reply_has_charged_and_a_timeout_before_has_not(standin: Standin) -> None:
    client = stripe.StripeClient(
        standin.secret_key, http_client=InProcess(standin), max_network_retries=0
    )
    for fault, charges in (("timeout_before", 0), ("lost_reply", 1)):
        standin.faults.append(fault)
        with pytest.raises(stripe.APIConnectionError):
            _pay(client, fault, _token(client))
        assert len(standin.charges) == charges
    assert issubclass(LostReply, Exception)


def test_webhooks_are_signed_and_tried_again(client: stripe.StripeClient, standin: Standin) -> None:
    _pay(client, "one", _token(client))
    delivery = standin.outgoing.due(NOW)[0]
    standin.outgoing.settle(delivery, False, NOW)
    assert delivery not in standin.outgoing.due(NOW)
    assert delivery in standin.outgoing.due(NOW + PAUSES[0])
    standin.outgoing.settle(delivery, True, NOW)
    assert delivery.event["id"] not in standin.outgoing.waiting


def test_a_publishable_key_may_make_a_token_and_nothing_else(standin: Standin) -> None:
    public = {"authorization": f"Bearer {standin.publishable_key}"}
    assert standin.handle("GET", "/v1/events", {}, public, None)[0] == 403
    assert standin.handle("GET", "/v1/events", {}, {"authorization": "Bearer x"}, None)[0] == 401


@pytest.mark.parametrize("kind", ["payment_intent", "charge", "confirmation_token", "event"])
def test_replies_have_the_shape_of_the_sdk(
    client: stripe.StripeClient, standin: Standin, kind: str
) -> None:
    _pay(client, "one", _token(client))
    rows, resource = {
        "payment_intent": (standin.intents, stripe.PaymentIntent),
        "charge": (standin.charges, stripe.Charge),
        "confirmation_token": (standin.tokens, stripe.ConfirmationToken),
        "event": (standin.events, stripe.Event),
    }[kind]
    body = next(iter(rows.values()))
    hints = {n: h for n, h in resource.__annotations__.items() if not n.startswith("_")}
    assert set(body) <= set(hints)
    needed = {
        name
        for name, hint in hints.items()
        if type(None) not in typing.get_args(hint) and "ClassVar" not in str(hint)
    }
    assert needed - set(body) == set()
