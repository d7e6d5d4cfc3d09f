"""The night: the processor's intents, events and movements of money against our books."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from portal.domain.payments.reconciling import reconcile
from tests.db.payments.shop import Shop


@pytest.fixture
def shop(database: Engine, now: datetime) -> Shop:
    return Shop(database, now)


def _reconcile(shop: Shop) -> int:
    return reconcile(shop.desk, shop.begin, shop.now - timedelta(days=3))


def _tasks(shop: Shop) -> str:
    return shop.scalar("SELECT string_agg(kind, ',' ORDER BY kind) FROM staff_task")


def test_books_that_agree_open_no_task_and_the_night_may_run_twice(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    assert (_reconcile(shop), _reconcile(shop), _tasks(shop)) == (0, 0, None)


def test_it_finds_what_only_one_side_has(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    # Somebody charged in the dashboard, and an intent of ours is gone there.
    shop.client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "confirm": True,
            "confirmation_token": shop.token(),
            "allowed_payment_method_types": ["card"],
        }
    )
    mine = shop.scalar("SELECT processor_ref FROM payment")
    del shop.standin.intents[mine]
    assert _reconcile(shop) == 2
    assert _tasks(shop) == "not_at_processor,unknown_money"


def test_a_refund_in_the_dashboard_is_told_to_the_staff_once(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    paid = shop.pay(ana, shop.checkout(ana, bills), 5000)
    ref = shop.scalar("SELECT processor_ref FROM payment")
    shop.client.v1.refunds.create({"payment_intent": ref, "amount": 1200})
    assert _reconcile(shop) == 1
    _reconcile(shop)
    assert _tasks(shop) == "money_moved_elsewhere"
    assert shop.scalar("SELECT params->>'amount' FROM staff_task") == "-$12.00"
    assert shop.scalar("SELECT payment_id FROM staff_task") == paid.payment_id


def test_cents_that_differ_are_told(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    next(iter(shop.standin.charges.values()))["amount_captured"] = 4900
    assert _reconcile(shop) == 1
    assert _tasks(shop) == "ledger_differs"


def test_a_webhook_that_never_came_is_worked_through(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    shop.standin.challenge(next(iter(shop.standin.intents)), passed=True)
    _reconcile(shop)
    assert shop.scalar("SELECT status FROM payment") == "succeeded"
    assert shop.scalar("SELECT status FROM cart") == "paid"
    with shop.begin() as session:
        kinds = session.execute(text("SELECT kind FROM webhook_event")).scalars().all()
    assert kinds == ["payment_intent.succeeded"]
