"""Card testing: a handful of refused cards, then a pause; and what does not count as one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from portal.domain.cart.operations import BeingPaid
from portal.domain.identity import throttles
from portal.domain.payments import declines
from portal.domain.payments.declines import TooManyDeclines
from portal.domain.payments.states import PaymentStatus
from tests.db.payments.shop import Shop

DECLINED = "pm_card_chargeDeclined"


@pytest.fixture
def shop(database: Engine, now: datetime) -> Shop:
    return Shop(database, now)


def test_the_sixth_card_of_a_cart_is_not_sent(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    for _ in range(5):
        assert shop.pay(ana, cart, 5000, DECLINED).status is PaymentStatus.FAILED
    sent = len(shop.standin.intents)
    with pytest.raises(TooManyDeclines, match=r"paused here until January 26, 2027.* Call \d"):
        shop.pay(ana, cart, 5000)
    assert (len(shop.standin.intents), shop.charged()) == (sent, 0)
    # The cart is as it was, nothing is half claimed, and after the pause a good card pays.
    assert shop.scalar("SELECT status FROM cart") == "checkout"
    assert shop.scalar("SELECT count(*) FROM payment") == 5
    shop.pass_time(3601)
    again = shop.checkout(ana, bills)
    assert shop.pay(ana, again, 5000).status is PaymentStatus.SUCCEEDED


def test_other_carts_of_one_network_share_its_counter(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declines, "NETWORK", throttles.LockRule(2, timedelta(hours=1)))
    people = [shop.household(5000) for _ in range(3)]
    for who, bills in people[:2]:
        shop.pay(who, shop.checkout(who, bills), 5000, DECLINED, network="198.51.100.7")
    who, bills = people[2]
    cart = shop.checkout(who, bills)
    with pytest.raises(TooManyDeclines):
        shop.pay(who, cart, 5000, network="198.51.100.7")
    assert shop.pay(who, cart, 5000, network="203.0.113.9").status is PaymentStatus.SUCCEEDED


def test_only_what_the_bank_refused_counts(shop: Shop) -> None:
    ana, bills = shop.household(5000, 6000)
    cart = shop.checkout(ana, bills[:1])
    # A lost reply, a question that was answered with yes, and our own broken request.
    shop.standin.secret_key = "sk_test_another"
    refused = shop.pay_with(ana, cart, 5000, "ctoken_x")
    assert (refused.status, refused.failure_code[:8]) == (PaymentStatus.FAILED, "request:")
    shop.standin.secret_key = "sk_test_standin"
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    assert _counted(shop) == 1
    shop.standin.challenge(next(reversed(shop.standin.intents)), passed=True)
    assert shop.desk.look(asked.payment_id, "reply").status is PaymentStatus.SUCCEEDED
    assert _counted(shop) == 0
    second = shop.checkout(ana, bills[1:])
    shop.standin.faults.append("lost_reply")
    assert shop.pay(ana, second, 6000).status is PaymentStatus.CONFIRMING
    assert _counted(shop) == 0


def _counted(shop: Shop) -> int:
    return shop.scalar("SELECT max(count) FROM throttle WHERE bucket LIKE 'declines:%'")


def test_thirty_cards_at_once_are_no_way_around(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)

    def attempt(_: int) -> str:
        while True:
            try:
                return shop.pay(ana, cart, 5000, DECLINED).status
            except BeingPaid:
                continue  # Another one is under way: try until it is through.
            except Exception as refused:
                return type(refused).__name__

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(attempt, range(30)))
    assert outcomes.count("failed") == len(shop.standin.intents) == 5
    assert outcomes.count("TooManyDeclines") == 25
