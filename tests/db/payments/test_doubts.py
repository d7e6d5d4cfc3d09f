"""What whoever is called at night would ask: midnight, holds, bills that changed, who may pay."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from portal.domain.cart import operations
from portal.domain.identity.actor import Actor
from portal.domain.payments.attempts import AmountChanged
from portal.domain.payments.states import PaymentStatus
from portal.kit.errors import DomainError, Problems
from portal.kit.ids import BillId
from tests import factories
from tests.db.payments.shop import Shop


@pytest.fixture
def shop(database: Engine, now: datetime) -> Shop:
    return Shop(database, now)


def _change(shop: Shop, sql: str, **params: object) -> None:
    with shop.begin() as session:
        assert session.execute(text(sql), params).rowcount == 1


def _days(shop: Shop) -> tuple[str, str]:
    return (
        str(shop.scalar("SELECT effective_date FROM payment")),
        str(shop.scalar("SELECT business_date FROM payment")),
    )


@pytest.mark.parametrize(
    ("at", "counts_for", "posted_on"),
    [
        # Tuesday to Wednesday in winter: midnight is 08:00 UTC.
        (datetime(2027, 1, 27, 7, 59, 59, tzinfo=UTC), "2027-01-26", "2027-01-27"),
        (datetime(2027, 1, 27, 8, 0, 0, tzinfo=UTC), "2027-01-27", "2027-01-28"),
        # The night after the clocks went forward: Sunday ends at 07:00 UTC.
        (datetime(2027, 3, 15, 6, 59, 59, tzinfo=UTC), "2027-03-14", "2027-03-15"),
        (datetime(2027, 3, 15, 7, 0, 0, tzinfo=UTC), "2027-03-15", "2027-03-16"),
        # The night after they went back: Sunday has 25 hours and ends at 08:00 UTC.
        (datetime(2027, 11, 8, 7, 59, 59, tzinfo=UTC), "2027-11-07", "2027-11-08"),
        (datetime(2027, 11, 8, 8, 0, 0, tzinfo=UTC), "2027-11-08", "2027-11-09"),
        # Friday: posted on Monday. New Year's Eve: after the holiday and the weekend.
        (datetime(2027, 1, 29, 20, 0, 0, tzinfo=UTC), "2027-01-29", "2027-02-01"),
        (datetime(2027, 1, 1, 7, 30, 0, tzinfo=UTC), "2026-12-31", "2027-01-04"),
    ],
)
def test_the_citys_midnight_decides_what_a_payment_counts_for(
    shop: Shop, at: datetime, counts_for: str, posted_on: str
) -> None:
    shop.now = at
    ana, bills = shop.household(5000)
    shop.pay(ana, shop.checkout(ana, bills), 5000)
    assert _days(shop) == (counts_for, posted_on)


def test_an_answer_after_midnight_counts_for_the_day_of_make_payment(shop: Shop) -> None:
    shop.now = datetime(2027, 1, 27, 7, 59, 30, tzinfo=UTC)
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append("lost_reply")
    shop.pay(ana, cart, 5000)
    shop.pass_time(90)
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment") == "succeeded"
    assert _days(shop) == ("2027-01-26", "2027-01-27")


def test_a_hold_lasts_as_long_as_its_extended_window(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    ben = shop.neighbour(bills[0])
    cart = shop.checkout(ana, bills)
    shop.pass_time(590)
    with shop.begin() as session:
        operations.extend(session, ana, str(cart), clock=shop.clock)
    shop.pass_time(20)
    with pytest.raises(Problems, match=r"Another payment of \$50.00.*9:50"):
        shop.checkout(ben, bills)
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED


def test_a_hold_ends_with_its_window_and_the_first_payer_is_told(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    ben = shop.neighbour(bills[0])
    first = shop.checkout(ana, bills)
    shop.pass_time(600)
    assert shop.pay(ben, shop.checkout(ben, bills), 5000).status is PaymentStatus.SUCCEEDED
    with shop.begin() as session:
        view, told = operations.refresh(session, ana, clock=shop.clock)
    assert view is not None
    assert (view.lines, len(told)) == ((), 1)
    with pytest.raises(DomainError):
        shop.pay(ana, first, 5000)
    assert shop.charged() == 5000


@pytest.mark.parametrize(
    "meanwhile",
    [
        # Paid at the counter, voided by the billing system, cut in half by an adjustment.
        (
            "UPDATE bill SET balance_cents = 0, paid_cents = billed_cents, status = 'PAID'"
            " WHERE id = :bill"
        ),
        (
            "UPDATE bill SET balance_cents = 0, abated_cents = billed_cents, status = 'VOID'"
            " WHERE id = :bill"
        ),
        "UPDATE bill SET balance_cents = 2500, adjusted_cents = -2500 WHERE id = :bill",
        # The link was taken away, and the payer became someone who only gets copies.
        "UPDATE account_link SET removed_at = now() WHERE user_id = :user",
        (
            "UPDATE tenure SET relation = 'COPY', responsible = false WHERE account_id ="
            " (SELECT account_id FROM bill WHERE id = :bill)"
        ),
    ],
)
def test_nothing_is_sent_for_a_bill_that_changed_after_continue(shop: Shop, meanwhile: str) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    params = {"bill": bills[0], "user": ana.user_id}
    _change(shop, meanwhile, **{k: v for k, v in params.items() if f":{k}" in meanwhile})
    with pytest.raises(AmountChanged, match="You have not been charged"):
        shop.pay(ana, cart, 5000)
    assert shop.standin.intents == {}
    # The cart says what happened and lets go of it, or asks for less.
    with shop.begin() as session:
        view, told = operations.refresh(session, ana, clock=shop.clock)
    assert len(told) == 1
    assert view is not None
    assert view.total_cents in (0, 2500)


def test_a_bill_that_changed_while_the_bank_was_asking_becomes_credit(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    _change(
        shop,
        "UPDATE bill SET balance_cents = 0, abated_cents = billed_cents, status = 'VOID'"
        " WHERE id = :bill",
        bill=bills[0],
    )
    shop.standin.challenge(next(iter(shop.standin.intents)), passed=True)
    assert shop.desk.look(asked.payment_id, "reply").status is PaymentStatus.SUCCEEDED
    assert shop.scalar("SELECT excess_cents FROM payment_item") == 5000
    assert shop.scalar("SELECT kind FROM staff_task") == "excess"
    credit = "SELECT sum(amount_cents)::bigint FROM ledger_entry WHERE ledger_account = :a"
    assert shop.scalar(credit, a="customer_credit") == -5000
    assert shop.scalar(credit, a="receivable") is None


def _moved_out(shop: Shop, relation: str = "OWNER", responsible: bool = True) -> tuple[Actor, list]:  # type: ignore[type-arg]
    with shop.begin() as session:
        user = factories.user(session)
        place, payer = factories.account(session), factories.customer(session)
        factories.tenure(
            session,
            place,
            payer,
            relation=relation,
            responsible=responsible,
            stop_date=date(2027, 1, 20),
        )
        factories.link(session, user, place, payer)
        final = factories.bill(session, place, payer, 4200, statement_date=date(2027, 1, 25))
        return factories.actor(user), [BillId(final.id)]


def test_who_moved_out_pays_the_final_bill(shop: Shop) -> None:
    ana, bills = _moved_out(shop)
    assert shop.pay(ana, shop.checkout(ana, bills), 4200).status is PaymentStatus.SUCCEEDED


def test_a_copy_who_is_not_responsible_puts_nothing_into_the_cart(shop: Shop) -> None:
    ben, bills = _moved_out(shop, "COPY", responsible=False)
    with pytest.raises(DomainError, match="Select a bill that has a balance"):
        shop.checkout(ben, bills)


@pytest.mark.parametrize("cents", [0, -700])
def test_a_bill_that_asks_for_nothing_puts_nothing_into_the_cart(shop: Shop, cents: int) -> None:
    ana, bills = shop.household(cents)
    with pytest.raises(DomainError, match="Select a bill that has a balance"):
        shop.checkout(ana, bills)


def _attempts(shop: Shop, *statuses: str) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    with shop.begin() as session:
        for number, status in enumerate(statuses):
            session.execute(
                text(
                    "INSERT INTO payment (id, cart_id, user_id, status, amount_cents, method,"
                    " livemode, idempotency_key, request, card_brand, last4, payer_name,"
                    " receipt_email, expires_at, effective_date, business_date, failure_code)"
                    " VALUES (gen_random_uuid(), :cart, :user, :status, 5000,"
                    " 'card', false, :key, '{}', '', '', '', '', now(), now(), now(), '')"
                ),
                {"cart": cart, "user": ana.user_id, "status": status, "key": f"{cart}-{number}"},
            )


def test_one_attempt_a_cart_is_live_and_late_money_stands_beside_it(shop: Shop) -> None:
    _attempts(shop, "failed", "canceled", "succeeded", "confirming")
    with pytest.raises(IntegrityError, match="uq_payment_live_attempt"):
        _attempts(shop, "confirming", "requires_action")
