"""My Cart, Pay Bills and Receipt as the owner, another resident, staff and nobody."""

import pytest
from sqlalchemy import Engine

from portal.domain.identity.actor import Actor
from portal.domain.payments.tasks import open_task
from portal.kit.db import database_now, transaction
from portal.models.identity import User
from portal.models.payments import Payment, PaymentEvent
from portal.state.cart import CartState
from portal.state.pay_bills import PayBillsState
from portal.state.receipt import ReceiptState
from tests import factories
from tests.db.payments.shop import Shop
from tests.state.drive import drive, leads_to, run


@pytest.fixture
def shop(database: Engine) -> Shop:
    # Handlers read the database's clock: the shop starts at it.
    with transaction() as session:
        return Shop(database, database_now(session))


def _user(actor: Actor) -> User:
    with transaction() as session:
        return session.get_one(User, actor.user_id)


async def test_the_owner_continues_with_the_amounts_that_were_typed(shop: Shop) -> None:
    ana, bills = shop.household(5000, 6000)
    shop.checkout(ana, bills)
    state = await drive(PayBillsState, "load", as_=_user(ana))
    assert [(row.balance, row.typed) for row in state.rows] == [
        ("$50.00", "50.00"),
        ("$60.00", "60.00"),
    ]
    assert state.subtotal == "$110.00"
    await run(state, "keep_amount", str(bills[0]), "20.5")
    returned = await run(state, "proceed")
    cart = shop.scalar("SELECT id FROM cart")
    assert leads_to(returned) == f"/pay/{cart}"
    assert shop.scalar("SELECT sum(amount_cents)::bigint FROM cart_item") == 8050


async def test_a_wrong_amount_stands_at_its_field(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    shop.checkout(ana, bills)
    state = await drive(PayBillsState, "load", as_=_user(ana))
    await run(state, "calculate", {f"amount-{bills[0]}": "-3"})
    assert state.field_errors == {
        f"amount-{bills[0]}": "Enter a Payment Amount in dollars and cents, like 127.11."
    }


async def test_two_wrong_amounts_name_their_bills(shop: Shop) -> None:
    ana, bills = shop.household(5000, 6000)
    shop.checkout(ana, bills)
    state = await drive(PayBillsState, "load", as_=_user(ana))
    await run(state, "calculate", {f"amount-{bill}": "0" for bill in reversed(bills)})
    wrong = "Enter a Payment Amount in dollars and cents, like 127.11."
    assert [(one.sentence, one.field) for one in state.problems] == [
        (f"Bill {row.number}: {wrong}", row.field) for row in state.rows
    ]
    assert len({one.sentence for one in state.problems}) == 2
    assert set(state.field_errors.values()) == {wrong}  # its row names the bill


async def test_a_bill_leaves_the_cart(shop: Shop) -> None:
    ana, bills = shop.household(5000, 6000)
    shop.checkout(ana, bills)
    state = await drive(CartState, "load", as_=_user(ana))
    await run(state, "remove", str(bills[0]))
    assert [row.id for row in state.rows] == [str(bills[1])]
    assert state.total == "$60.00"


async def test_a_receipt_is_its_payers_alone(shop: Shop) -> None:
    ana, bills = shop.household(5000)
    outcome = shop.pay(ana, shop.checkout(ana, bills), 5000)
    eve, _ = shop.household(100)
    url = f"/receipt?id={outcome.payment_id}"
    mine = await drive(ReceiptState, "load", as_=_user(ana), url=url)
    assert (mine.standing, mine.amount, mine.card) == ("paid", "$50.00", "Visa ending in 4242")
    other = await drive(ReceiptState, "load", as_=_user(eve), url=url)
    assert (other.missing, other.amount) == (True, "")
    assert other.problems[0].sentence == "We could not find that payment among yours."


@pytest.mark.parametrize(
    ("status", "code", "task", "standing", "last_step"),
    [
        ("succeeded", "", "", "paid", "Payment accepted"),
        ("processing", "", "", "bank", "Your bank is sending the money"),
        ("confirming", "", "", "checking", "Sent to the card processor"),
        ("confirming", "", "processor_mismatch", "staff", "Sent to the card processor"),
        ("failed", "card_declined", "", "unpaid", "Not paid: nothing was charged"),
        ("failed", "given_back", "", "unpaid", "Not paid: the money was given back"),
        ("canceled", "stopped", "", "unpaid", "Canceled: nothing was charged"),
    ],
)
async def test_a_receipt_says_how_the_payment_stands(
    shop: Shop, status: str, code: str, task: str, standing: str, last_step: str
) -> None:
    ana, bills = shop.household(5000)
    outcome = shop.pay(ana, shop.checkout(ana, bills), 5000)
    with transaction() as session:
        payment = session.get_one(Payment, outcome.payment_id)
        payment.status, payment.failure_code = status, code
        session.add(PaymentEvent(payment_id=payment.id, to_status=status, source="sweep"))
        if task:
            open_task(session, task, "t:1", "other figures", outcome.payment_id)
    url = f"/receipt?id={outcome.payment_id}"
    state = await drive(ReceiptState, "load", as_=_user(ana), url=url)
    assert (state.standing, state.steps[-1].word) == (standing, last_step)


@pytest.mark.parametrize(
    ("kind", "handler", "arguments"),
    [
        (CartState, "load", ()),
        (CartState, "remove", ("x",)),
        (CartState, "checkout", ()),
        (PayBillsState, "load", ()),
        (PayBillsState, "keep_amount", ("x", "1")),
        (PayBillsState, "calculate", ({},)),
        (PayBillsState, "proceed", ()),
        (ReceiptState, "load", ()),
    ],
)
async def test_nobody_and_staff_are_sent_to_sign_in(
    database: Engine, kind: type, handler: str, arguments: tuple[object, ...]
) -> None:
    with transaction() as session:
        staff = factories.user(session, role="administrator")
    for who in (None, staff):
        state = await drive(kind, handler, *arguments, as_=who)
        assert leads_to(state._returned).startswith("/sign-in")
