"""The same scenarios against the stand-in and, with STRIPE_TEST_KEY, against Stripe's test mode.

What passes here on both is what the stand-in may be believed in.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import stripe
from sqlalchemy import Engine

from portal.domain.payments.reasons import reason
from portal.domain.payments.states import PaymentStatus
from portal.gateways.stripe import CardProcessor, Intent, Refused, StripeProcessor, Unknown
from portal.kit.clock import utc_now
from tests.db.payments.shop import Shop

KEY = os.environ.get("STRIPE_TEST_KEY", "")


@dataclass
class RealShop(Shop):
    """The same world with Stripe's test mode in the stand-in's place; its clock starts at now."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.client = stripe.StripeClient(KEY, max_network_retries=2)
        self.desk.processor = self.processor()

    def processor(self) -> StripeProcessor:
        return StripeProcessor(KEY, "", livemode=False)


@pytest.fixture(params=["standin", pytest.param("stripe", marks=pytest.mark.stripe)])
def shop(request: pytest.FixtureRequest, database: Engine) -> Shop:
    if request.param == "standin":
        return Shop(database, utc_now())
    if not KEY:
        pytest.skip("STRIPE_TEST_KEY is not set: Stripe's own test mode was not asked")
    if not KEY.startswith(("sk_test_", "rk_test_")):
        pytest.fail("STRIPE_TEST_KEY has to be a key of Stripe's test mode (sk_test_...)")
    return RealShop(database, utc_now())


class Deaf:
    """A processor whose first answer gets lost on the way back."""

    def __init__(self, real: CardProcessor) -> None:
        self.real, self.lost = real, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def confirm(self, request: Mapping[str, Any], key: str) -> Intent:
        told = self.real.confirm(request, key)
        if not self.lost:
            self.lost = True
            raise Unknown("lost on the way back")
        return told


def _mine(shop: Shop, payment: object) -> list[Intent]:
    since = shop.desk.processor.since(utc_now() - timedelta(hours=1))
    return [one for one in since if one.payment_id == str(payment)]


def test_a_good_card_pays(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    paid = shop.pay(ana, shop.checkout(ana, bills), 5000)
    assert paid.status is PaymentStatus.SUCCEEDED
    row = "SELECT card_brand || ' ' || last4 FROM payment"
    assert shop.scalar(row) == "visa 4242"
    (listed,) = _mine(shop, paid.payment_id)
    assert listed.ref == shop.scalar("SELECT processor_ref FROM payment")
    assert (listed.status, listed.amount_cents, listed.received_cents) == ("succeeded", 5000, 5000)
    assert (listed.currency, listed.livemode) == ("usd", False)


@pytest.mark.parametrize(
    ("method", "codes"),
    [
        ("pm_card_chargeDeclined", {"generic_decline", "card_declined"}),
        ("pm_card_chargeDeclinedInsufficientFunds", {"insufficient_funds"}),
        ("pm_card_chargeDeclinedExpiredCard", {"expired_card"}),
    ],
)
def test_a_refused_card_leaves_the_window_open(shop: Shop, method: str, codes: set[str]) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    refused = shop.pay(ana, cart, 5000, method)
    assert refused.status is PaymentStatus.FAILED
    assert refused.failure_code in codes
    assert "You have not been charged" in reason(refused.failure_code)
    assert shop.scalar("SELECT status FROM cart") == "checkout"
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED


def test_the_banks_question_can_be_asked_again_and_given_up(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    assert asked.status is PaymentStatus.REQUIRES_ACTION
    assert asked.client_secret
    assert shop.desk.look(asked.payment_id, "reply").client_secret == asked.client_secret
    assert shop.desk.stop(asked.payment_id).status is PaymentStatus.CANCELED
    assert shop.scalar("SELECT status FROM cart") == "checkout"


def test_a_question_past_the_deadline_is_cancelled(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    asked = shop.pay(ana, shop.checkout(ana, bills), 5000, "pm_card_authenticationRequired")
    shop.pass_time(601)
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment") == "canceled"
    assert [one.status for one in _mine(shop, asked.payment_id)] == ["canceled"]


def test_a_lost_answer_is_repeated_under_its_key_and_charged_once(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.desk.processor = Deaf(shop.desk.processor)
    lost = shop.pay(ana, cart, 5000)
    assert lost.status is PaymentStatus.CONFIRMING
    shop.pass_time(61)
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment") == "succeeded"
    assert len(_mine(shop, lost.payment_id)) == 1


def test_a_lost_answer_is_looked_up_after_the_deadline(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.desk.processor = Deaf(shop.desk.processor)
    shop.pay(ana, cart, 5000)
    shop.pass_time(601)
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment") == "succeeded"
    assert shop.scalar("SELECT status FROM cart") == "paid"


def test_a_key_with_other_parameters_is_in_doubt_and_a_used_token_is_refused(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    sent = shop.scalar("SELECT request FROM payment")
    key = shop.scalar("SELECT idempotency_key FROM payment")
    with pytest.raises(Unknown):
        shop.desk.processor.confirm({**sent, "amount": 5001}, key)
    with pytest.raises(Refused) as refused:
        shop.desk.processor.confirm(sent, f"{key}-again")
    assert refused.value.code.startswith("request:")
