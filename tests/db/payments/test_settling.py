"""What a person does about a payment in doubt: ask the processor now, or end what cannot match."""

from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from portal.domain.bills.balance import owed_cents
from portal.domain.cart import operations
from portal.domain.identity.actor import Actor
from portal.domain.payments import queries
from portal.domain.payments.desk import NotYet, StillHeld
from portal.domain.payments.states import PaymentStatus
from portal.domain.staff import doubts
from portal.gateways.stripe import Unknown
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.kit.ids import BillId, CartId, PaymentId
from portal.models.audit import AuditEvent
from tests import factories
from tests.db.payments.shop import Shop


@pytest.fixture
def shop(database: Engine, now: datetime) -> Shop:
    return Shop(database, now)


def _staff(shop: Shop, role: str = "administrator") -> Actor:
    with shop.begin() as session:
        return factories.actor(factories.user(session, role=role), second_factor=True)


def _unheard(shop: Shop, fault: str = "lost_reply") -> tuple[Actor, list[BillId], CartId, str]:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    shop.standin.faults.append(fault)
    outcome = shop.pay(ana, cart, 5000)
    assert outcome.status is PaymentStatus.CONFIRMING
    return ana, bills, cart, str(outcome.payment_id)


def _ask(shop: Shop, actor: Actor, payment: str) -> PaymentStatus:
    return doubts.ask(actor, payment, shop.desk, shop.begin)


def _end(shop: Shop, actor: Actor, payment: str) -> PaymentStatus:
    return doubts.end(actor, payment, shop.desk, shop.begin)


def _acts(shop: Shop) -> list[str]:
    with shop.begin() as session:
        noted = session.exec(select(AuditEvent).where(col(AuditEvent.act).like("staff.%")))
        return [event.act for event in noted]


def _open_tasks(shop: Shop) -> int:
    return int(shop.scalar("SELECT count(*) FROM staff_task WHERE done_at IS NULL"))


def test_asking_books_what_the_sweep_would_have_booked(shop: Shop) -> None:
    _ana, bills, cart, payment = _unheard(shop)
    admin = _staff(shop)
    shop.pass_time(61)
    assert _ask(shop, admin, payment) is PaymentStatus.SUCCEEDED
    shop.desk.sweep()
    assert _ask(shop, admin, payment) is PaymentStatus.SUCCEEDED
    assert shop.charged() == 5000
    assert shop.scalar("SELECT count(*) FROM ledger_tx") == 1
    assert shop.scalar("SELECT status FROM cart WHERE id = :c", c=str(cart)) == "paid"
    with shop.begin() as session:
        assert owed_cents(session, bills) == {bills[0]: 0}
    assert _acts(shop) == ["staff.ask_processor", "staff.ask_processor"]


def test_a_payment_that_is_being_sent_is_left_alone(shop: Shop) -> None:
    payment = _unheard(shop, "timeout_before")[3]
    shop.pass_time(59)
    assert _ask(shop, _staff(shop), payment) is PaymentStatus.CONFIRMING
    assert shop.standin.intents == {}


def test_a_processor_that_does_not_answer_changes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_payment_id: str, _since: datetime) -> None:
        raise Unknown("no route")

    payment = _unheard(shop)[3]
    shop.pass_time(700)
    monkeypatch.setattr(shop.desk.processor, "find", silent)
    with pytest.raises(DomainError, match="Nothing was changed"):
        _ask(shop, _staff(shop), payment)
    assert shop.scalar("SELECT status FROM payment") == "confirming"
    assert _acts(shop) == ["staff.ask_processor"]


def test_only_administrators_ask_and_end(shop: Shop) -> None:
    ana, _bills, _cart, payment = _unheard(shop)
    shop.pass_time(61)
    for actor in (ana, _staff(shop, "viewer")):
        with pytest.raises(NotAllowed):
            _ask(shop, actor, payment)
        with pytest.raises(NotAllowed):
            _end(shop, actor, payment)
    with pytest.raises(NotFound):
        _ask(shop, _staff(shop), "no such payment")
    with pytest.raises(DomainError, match="payments are off"):
        doubts.ask(_staff(shop), payment, None, shop.begin)
    assert shop.scalar("SELECT status FROM payment") == "confirming"


def test_other_figures_end_only_once_the_money_is_given_back(shop: Shop) -> None:
    ana, bills, cart, payment = _unheard(shop)
    admin = _staff(shop)
    (ref,) = shop.standin.intents
    shop.standin.intents[ref]["amount"] = 4000
    shop.pass_time(601)
    shop.desk.sweep()
    # It can never be booked as it is: a person has it, and the payer is told so.
    with shop.begin() as session:
        assert queries.receipt(session, ana, payment).with_staff
    with pytest.raises(NotYet):
        _end(shop, admin, payment)
    shop.pass_time(120)
    assert _ask(shop, admin, payment) is PaymentStatus.CONFIRMING
    with pytest.raises(StillHeld, match=r"holds \$50\.00"):
        _end(shop, admin, payment)
    assert (shop.scalar("SELECT status FROM payment"), _open_tasks(shop)) == ("confirming", 1)
    shop.client.v1.refunds.create({"payment_intent": ref})
    for _twice in range(2):
        assert _end(shop, admin, payment) is PaymentStatus.FAILED
    assert shop.scalar("SELECT failure_code FROM payment") == "given_back"
    assert shop.scalar("SELECT count(*) FROM mail WHERE kind = 'payment_ended'") == 1
    assert _open_tasks(shop) == 0
    with shop.begin() as session:
        assert not queries.receipt(session, ana, payment).with_staff
        operations.begin_again(session, ana, str(cart), clock=shop.clock)
    shop.standin.intents[ref]["metadata"] = {"payment_id": ""}
    assert shop.pay(ana, cart, 5000).status is PaymentStatus.SUCCEEDED
    assert shop.charged() == 5000
    with shop.begin() as session:
        assert owed_cents(session, bills) == {bills[0]: 0}


def test_an_unanswered_question_with_other_figures_is_cancelled_and_ended(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    asked = shop.pay(ana, cart, 5000, "pm_card_authenticationRequired")
    (intent,) = shop.standin.intents.values()
    intent["amount"] = 4000
    shop.pass_time(720)
    assert _end(shop, _staff(shop), str(asked.payment_id)) is PaymentStatus.FAILED
    assert intent["status"] == "canceled"
    assert shop.scalar("SELECT failure_code FROM payment") == "ended"
    assert shop.scalar("SELECT status FROM cart") == "expired"
    assert shop.charged() == 0


def test_a_payment_that_the_processor_does_not_know_can_be_ended(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    asked = shop.pay(ana, shop.checkout(ana, bills), 5000, "pm_card_authenticationRequired")
    # The city changed to another Stripe account meanwhile.
    shop.standin.intents.clear()
    shop.pass_time(720)
    with pytest.raises(DomainError, match="Nothing was changed"):
        _ask(shop, _staff(shop), str(asked.payment_id))
    assert _end(shop, _staff(shop), str(asked.payment_id)) is PaymentStatus.FAILED


def test_money_that_comes_after_the_end_is_booked(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    asked = shop.pay(ana, shop.checkout(ana, bills), 5000, "pm_card_authenticationRequired")
    (intent,) = shop.standin.intents.values()
    intent["amount"] = 4000
    shop.pass_time(720)
    _end(shop, _staff(shop), str(asked.payment_id))
    intent.update(amount=5000, status="requires_action")
    shop.standin.challenge(intent["id"], passed=True)
    shop.desk.heard_of(shop.desk.processor.retrieve(intent["id"]))
    assert shop.scalar("SELECT status FROM payment") == "succeeded"
    assert shop.scalar("SELECT kind FROM staff_task WHERE done_at IS NULL") == "late_money"
    assert shop.desk.look(PaymentId(asked.payment_id), "reply").status is PaymentStatus.SUCCEEDED
