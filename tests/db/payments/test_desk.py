"""Claim, call, apply: what a payment does to cart, bill, ledger and mail, fault by fault."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.domain.bills.balance import owed_cents
from portal.domain.cart import operations, queries
from portal.domain.cart.operations import BeingPaid, TimeIsUp
from portal.domain.payments import queries as queries_of_payments
from portal.domain.payments.attempts import AlreadyPaid, AmountChanged
from portal.domain.payments.states import PaymentStatus
from portal.gateways.stripe import Intent
from portal.kit.errors import Problems
from tests.db.payments.shop import Shop


@pytest.fixture
def shop(database: Engine, now: datetime) -> Iterator[Shop]:
    return Shop(database, now)


def _cart_status(shop: Shop, cart: object) -> str:
    return shop.scalar("SELECT status FROM cart WHERE id = :id", id=str(cart))


def _ledger(shop: Shop) -> dict[str, int]:
    with shop.begin() as session:
        rows = session.execute(
            text("SELECT ledger_account, sum(amount_cents)::bigint FROM ledger_entry GROUP BY 1")
        )
        return dict(rows.all())


def test_a_good_card_pays_the_bills_books_them_and_mails_a_receipt(shop: Shop) -> None:
    ana, bills = shop.household(12711, 13446)
    cart = shop.checkout(ana, bills)
    outcome = shop.pay(ana, cart, 26157)
    assert outcome.status is PaymentStatus.SUCCEEDED
    assert shop.charged() == 26157
    with shop.begin() as session:
        assert owed_cents(session, bills) == {bills[0]: 0, bills[1]: 0}
    assert _cart_status(shop, cart) == "paid"
    assert _ledger(shop) == {"stripe_clearing": 26157, "receivable": -26157}
    assert shop.scalar("SELECT count(*) FROM mail WHERE kind = 'receipt'") == 1
    assert (
        shop.scalar("SELECT string_agg(portal_payment_id, ',' ORDER BY seq) FROM payment_item")
        == "100001-1,100001-2"
    )
    # A Tuesday's payment counts for that day and is posted on Wednesday.
    assert str(shop.scalar("SELECT effective_date FROM payment")) == "2027-01-26"
    assert str(shop.scalar("SELECT business_date FROM payment")) == "2027-01-27"


def test_paying_a_paid_cart_leads_to_its_receipt(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    first = shop.pay(ana, cart, 5000)
    with pytest.raises(AlreadyPaid) as refused:
        shop.pay(ana, cart, 5000)
    assert refused.value.payment_id == first.payment_id
    assert shop.charged() == 5000


def test_a_declined_card_leaves_the_window_open_and_another_card_pays(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    refused = shop.pay(ana, cart, 5000, "pm_card_chargeDeclinedInsufficientFunds")
    assert (refused.status, refused.failure_code) == (PaymentStatus.FAILED, "insufficient_funds")
    assert _cart_status(shop, cart) == "checkout"
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED
    assert shop.charged() == 5000


def test_nothing_is_charged_at_or_after_the_deadline(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.pass_time(600)
    with pytest.raises(TimeIsUp):
        shop.pay(ana, cart, 5000)
    assert shop.standin.intents == {}
    with shop.begin() as session:
        again = operations.begin_again(session, ana, str(cart), clock=shop.clock)
    assert again == cart
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED


def test_extending_gives_ten_minutes_more(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.pass_time(500)
    with shop.begin() as session:
        assert operations.extend(session, ana, str(cart), clock=shop.clock) == 700
    shop.pass_time(690)
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("fault", ["timeout_after", "lost_reply", "error_500_after"])
def test_a_lost_reply_is_found_by_the_sweep_and_charged_once(shop: Shop, fault: str) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append(fault)
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.CONFIRMING
    with pytest.raises(BeingPaid):
        shop.pay(ana, cart, 5000)
    shop.pass_time(61)
    shop.desk.sweep()
    assert shop.charged() == 5000
    assert _cart_status(shop, cart) == "paid"
    assert _ledger(shop) == {"stripe_clearing": 5000, "receivable": -5000}


def test_a_request_that_never_arrived_is_sent_again_within_the_window(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append("timeout_before")
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.CONFIRMING
    assert shop.charged() == 0
    shop.pass_time(61)
    shop.desk.sweep()
    assert shop.charged() == 5000


def test_a_request_that_never_arrived_is_not_first_charged_after_the_deadline(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append("timeout_before")
    shop.pay(ana, cart, 5000)
    shop.pass_time(600)
    shop.desk.sweep()
    assert _cart_status(shop, cart) == "confirming"
    shop.pass_time(120)
    shop.desk.sweep()
    assert shop.charged() == 0
    assert _cart_status(shop, cart) == "expired"
    assert shop.scalar("SELECT failure_code FROM payment") == "never_arrived"


def test_a_sweep_that_is_slow_does_not_first_charge_after_the_deadline(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        ana, bills = shop.household(5000)
        cart = shop.checkout(ana, bills)
        shop.standin.faults.append("timeout_before")
        shop.pay(ana, cart, 5000)
    shop.pass_time(595)
    confirm = shop.desk.processor.confirm

    def slow(*arguments: Any) -> Intent:
        intent = confirm(*arguments)
        shop.pass_time(10)
        return intent

    monkeypatch.setattr(shop.desk.processor, "confirm", slow)
    assert shop.desk.sweep() == 2
    assert shop.charged() == 5000


def test_three_d_secure_passed_pays_and_failed_does_not(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    assert asked.status is PaymentStatus.REQUIRES_ACTION
    assert asked.client_secret.startswith("pi_")
    ref = asked.client_secret.split("_secret_")[0]
    shop.standin.challenge(ref, passed=False)
    failed = shop.desk.look(asked.payment_id, "reply")
    assert failed.status is PaymentStatus.FAILED
    # The secret that the browser holds can pay nothing any more.
    assert shop.standin.intents[ref]["status"] == "canceled"
    again = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    shop.standin.challenge(again.client_secret.split("_secret_")[0], passed=True)
    assert shop.desk.look(again.payment_id, "reply").status is PaymentStatus.SUCCEEDED
    assert shop.charged() == 5000


def test_three_d_secure_past_the_deadline_is_cancelled_or_taken(shop: Shop) -> None:
    for passed, status in ((False, "canceled"), (True, "succeeded")):
        ana, bills = shop.household(5000)
        cart = shop.checkout(ana, bills)
        asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
        shop.pass_time(600)
        if passed:
            shop.standin.challenge(asked.client_secret.split("_secret_")[0], passed=True)
        shop.desk.sweep()
        assert (
            shop.scalar("SELECT status FROM payment WHERE id = :id", id=str(asked.payment_id))
            == status
        )


def test_webhooks_twice_and_in_any_order_book_once(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append("lost_reply")
    shop.pay(ana, cart, 5000)
    now = int(shop.now.timestamp())
    for delivery in [*reversed(shop.standin.outgoing.due(now))] * 2:
        payload, _ = shop.standin.outgoing.signed(delivery, now)
        about = delivery.event["data"]["object"]
        from portal.gateways.stripe import Notice

        notice = Notice(
            delivery.event["id"],
            delivery.event["type"],
            about.get("payment_intent") or about["id"],
            False,
        )
        assert payload
        with shop.begin() as session:
            shop.desk.take_notice(session, notice)
        shop.desk.work_through(notice.event_id)
    assert _ledger(shop) == {"stripe_clearing": 5000, "receivable": -5000}
    assert shop.scalar("SELECT count(*) FROM webhook_event") == 3
    assert shop.scalar("SELECT count(*) FROM mail WHERE kind = 'receipt'") == 1
    assert _cart_status(shop, cart) == "paid"


def test_money_a_bill_does_not_need_becomes_credit_and_a_task(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append("lost_reply")
    shop.pay(ana, cart, 5000)
    with shop.begin() as session:
        session.execute(
            text("UPDATE bill SET balance_cents = 2000, paid_cents = 3000 WHERE id = :id"),
            {"id": bills[0]},
        )
    shop.pass_time(61)
    shop.desk.sweep()
    assert _ledger(shop) == {
        "stripe_clearing": 5000,
        "receivable": -2000,
        "customer_credit": -3000,
    }
    assert shop.scalar("SELECT kind FROM staff_task") == "excess"
    with shop.begin() as session:
        assert owed_cents(session, bills) == {bills[0]: 0}


def test_a_second_payer_is_told_how_long_to_wait(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    ben = shop.neighbour(bills[0])
    shop.checkout(ana, bills)
    shop.pass_time(70)
    with pytest.raises(Problems) as refused:
        shop.checkout(ben, bills)
    assert str(refused.value.each[0]) == (
        "Another payment of $50.00 on this bill is under way. Try again in 8:50."
    )
    shop.pass_time(530)
    assert shop.checkout(ben, bills)


def test_the_total_of_another_window_is_not_charged(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    with pytest.raises(AmountChanged):
        shop.pay(ana, cart, 4000)
    assert shop.standin.intents == {}


def test_payment_amounts_are_checked_each_at_its_field(shop: Shop) -> None:
    ana, bills = shop.household(5000, 6000, 7000)
    with shop.begin() as session:
        operations.add(session, ana, [str(bill) for bill in bills])
    typed = {str(bills[0]): "-5", str(bills[1]): "60.01", str(bills[2]): "abc"}
    with shop.begin() as session, pytest.raises(Problems) as refused:
        operations.set_amounts(session, ana, typed)
    assert {problem.field: str(problem) for problem in refused.value.each} == {
        f"amount-{bills[0]}": "Enter a Payment Amount in dollars and cents, like 127.11.",
        f"amount-{bills[1]}": "The Payment Amount is more than the balance. Enter $60.00 or less.",
        f"amount-{bills[2]}": "Enter a Payment Amount in dollars and cents, like 127.11.",
    }


def test_a_stranger_sees_neither_cart_nor_bill(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    eve, _ = shop.household(100)
    cart = shop.checkout(ana, bills)
    from portal.kit.errors import DomainError, NotFound

    with shop.begin() as session, pytest.raises(NotFound):
        queries.own(session, eve, str(cart))
    with shop.begin() as session, pytest.raises(DomainError):
        operations.add(session, eve, [str(bills[0])])


def test_the_ledger_refuses_change_and_imbalance(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    for statement in (
        "UPDATE ledger_entry SET amount_cents = 0",
        "DELETE FROM ledger_tx",
        "TRUNCATE ledger_entry",
        (
            "INSERT INTO ledger_entry (tx_id, ledger_account, amount_cents)"
            " SELECT id, 'stripe_clearing', 1 FROM ledger_tx"
        ),
    ):
        with pytest.raises(DBAPIError), shop.begin() as session:
            session.execute(text(statement))


def test_the_bank_asks_again_after_a_reload_and_can_be_given_up(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    again = shop.desk.look(asked.payment_id, "reply")
    assert (again.status, again.client_secret) == (asked.status, asked.client_secret)
    with shop.begin() as session:
        latest = queries_of_payments.latest_of_cart(session, ana, cart)
        assert queries_of_payments.bank_asks(latest, shop.now + timedelta(seconds=599))
        assert not queries_of_payments.bank_asks(latest, shop.now + timedelta(seconds=600))
    assert shop.desk.stop(asked.payment_id).status is PaymentStatus.CANCELED
    assert shop.scalar("SELECT failure_code FROM payment") == "stopped"
    assert _cart_status(shop, cart) == "checkout"
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED
    assert shop.charged() == 5000


def test_giving_up_on_the_bank_takes_money_that_was_faster(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    shop.standin.challenge(next(iter(shop.standin.intents)), passed=True)
    assert shop.desk.stop(asked.payment_id).status is PaymentStatus.SUCCEEDED
    assert _cart_status(shop, cart) == "paid"
    with pytest.raises(AlreadyPaid):
        shop.pay(ana, cart, 5000)


def test_a_refused_repeat_does_not_say_that_the_first_was_not_charged(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append("lost_reply")
    lost = shop.pay(ana, cart, 5000)
    key, shop.standin.secret_key = shop.standin.secret_key, "sk_test_revoked"
    shop.pass_time(61)
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment") == "confirming"
    # Nobody could ask for an hour: a person has to know.
    shop.pass_time(3600)
    shop.desk.sweep()
    assert shop.scalar("SELECT kind FROM staff_task") == "in_doubt"
    with pytest.raises(BeingPaid):
        shop.pay_with(ana, cart, 5000, "ctoken_x")
    shop.standin.secret_key = key
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment WHERE id = :p", p=lost.payment_id) == "succeeded"
    assert _cart_status(shop, cart) == "paid"
    assert shop.charged() == 5000
