"""Everything that can happen around payments, in any order, on a real database with the real SDK.

The machine is a mixin so that each planted bug is the same machine over a broken desk.
"""

import contextlib
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, text

from portal.domain.cart import operations
from portal.domain.identity.actor import Actor
from portal.gateways.stripe import Notice, Unknown
from portal.kit.errors import DomainError
from portal.kit.ids import BillId, CartId, PaymentId
from tests.db.payments.shop import Shop

START = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
OWED = (50_000, 70_000)
CARDS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired")
FAULTS = ("timeout_before", "timeout_after", "lost_reply", "error_500", "error_500_after")
LIVE = ("confirming", "requires_action", "processing")


class PaymentWorld(RuleBasedStateMachine):
    """Two residents who may pay the same bills, a clock, a processor that fails, webhooks."""

    engine: Engine  # set by the test
    shop_of: Any = Shop  # a mutant names a broken one

    def __init__(self) -> None:
        super().__init__()
        self.shop: Shop = self.shop_of(self.engine, START)
        self.bills: list[BillId] = []
        self.payers: list[Actor] = []
        self.carts: dict[int, CartId] = {}
        self.totals: dict[int, int] = {}
        self.deadlines: dict[str, float] = {}
        self.heard: list[Notice] = []

    @initialize()
    def begin(self) -> None:
        ana, self.bills = self.shop.household(*OWED)
        self.payers = [ana, self.shop.neighbour(self.bills[0])]

    # -- what residents do ---------------------------------------------------------------

    @rule(who=st.integers(0, 1), which=st.sets(st.integers(0, 1), min_size=1), part=st.booleans())
    def check_out(self, who: int, which: set[int], part: bool) -> None:
        typed = {str(self.bills[i]): "20.00" for i in which} if part else {}
        try:
            with self.shop.begin() as session:
                operations.add(session, self.payers[who], [str(self.bills[i]) for i in which])
            with self.shop.begin() as session:
                self.carts[who] = operations.begin_checkout(
                    session, self.payers[who], typed, clock=self.shop.clock
                )
        except DomainError:
            return
        self.totals[who] = self._cart_total(self.carts[who])

    @precondition(lambda self: self.carts)
    @rule(
        who=st.integers(0, 1),
        card=st.sampled_from(CARDS),
        fault=st.sampled_from(("", "", "", *FAULTS)),
    )
    def make_payment(self, who: int, card: str, fault: str) -> None:
        if who not in self.carts:
            return
        if fault:
            self.shop.standin.faults[:] = [fault]
        try:
            self.shop.pay(self.payers[who], self.carts[who], self.totals[who], card)
        except DomainError:
            pass
        finally:
            self.shop.standin.faults.clear()

    @rule(who=st.integers(0, 1), fault=st.sampled_from(FAULTS))
    def lose_a_reply_and_sweep(self, who: int, fault: str) -> None:
        """Pay with a good card, hear nothing, and let the next sweep find out."""
        self.check_out(who=who, which={1}, part=True)
        if who in self.carts:
            self.make_payment(who=who, card="pm_card_visa", fault=fault)
            self.shop.pass_time(61)
            self.shop.desk.sweep()

    @rule(who=st.integers(0, 1))
    def pay_when_the_time_is_over(self, who: int) -> None:
        self.check_out(who=who, which={1}, part=True)
        self.shop.pass_time(600)
        if who in self.carts:
            self.make_payment(who=who, card="pm_card_visa", fault="")

    @rule(fault=st.sampled_from(("", "lost_reply")))
    def pay_one_bill_from_two_sides(self, fault: str) -> None:
        for who in (0, 1):
            self.check_out(who=who, which={0}, part=False)
        for who in (0, 1):
            if who in self.carts:
                self.make_payment(who=who, card="pm_card_visa", fault=fault)

    @rule(who=st.integers(0, 1))
    def hear_a_lie_about_a_declined_card(self, who: int) -> None:
        """An event's payload says what is not so: only its id may be believed."""
        self.check_out(who=who, which={1}, part=True)
        if who in self.carts:
            self.make_payment(who=who, card="pm_card_chargeDeclined", fault="")
        for pick in range(len(self.shop.standin.outgoing.waiting)):
            self.webhook_arrives(pick=pick, keep=True, lie=True)

    @rule(who=st.integers(0, 1))
    def answer_the_bank_after_the_deadline(self, who: int) -> None:
        """3-D Secure, passed only when the window is long over: the money came all the same."""
        self.check_out(who=who, which={1}, part=True)
        if who in self.carts:
            self.make_payment(who=who, card="pm_card_authenticationRequired", fault="")
            self.shop.pass_time(8000)
            self.bank_answers(passed=True, reload=False)
            self.shop.desk.sweep()

    @precondition(lambda self: self.carts)
    @rule(who=st.integers(0, 1))
    def ask_for_more_time(self, who: int) -> None:
        if who not in self.carts:
            return
        try:
            with self.shop.begin() as session:
                operations.extend(
                    session, self.payers[who], str(self.carts[who]), clock=self.shop.clock
                )
        except DomainError:
            pass

    # -- what the world does -------------------------------------------------------------

    @rule(seconds=st.sampled_from((1, 61, 299, 300, 599, 600, 800)))
    def time_passes(self, seconds: int) -> None:
        self.shop.pass_time(seconds)

    @rule(passed=st.booleans(), reload=st.booleans())
    def bank_answers(self, passed: bool, reload: bool) -> None:
        for ref, intent in list(self.shop.standin.intents.items()):
            if intent["status"] == "requires_action":
                self.shop.standin.challenge(ref, passed)
                if reload and intent["metadata"]["payment_id"]:
                    self._look(PaymentId(intent["metadata"]["payment_id"]))

    def _look(self, payment_id: PaymentId) -> None:
        from uuid import UUID

        with contextlib.suppress(Unknown):
            self.shop.desk.look(PaymentId(UUID(str(payment_id))), "reply")

    @precondition(lambda self: self.shop.standin.outgoing.waiting)
    @rule(pick=st.integers(0, 100), keep=st.booleans(), lie=st.booleans())
    def webhook_arrives(self, pick: int, keep: bool, lie: bool) -> None:
        waiting = list(self.shop.standin.outgoing.waiting.values())
        delivery = waiting[pick % len(waiting)]
        if not keep:
            self.shop.standin.outgoing.forget(delivery.event["id"])
        about = delivery.event["data"]["object"]
        notice = Notice(
            delivery.event["id"],
            delivery.event["type"],
            about.get("payment_intent") or about["id"],
            False,
        )
        self.shop.payload = {**about, **({"status": "succeeded"} if lie else {})}
        with self.shop.begin() as session:
            self.shop.desk.take_notice(session, notice)
        self.shop.desk.work_through(notice.event_id)

    @rule()
    def staff_book_another_payment(self) -> None:
        """The billing system takes a part of the first bill at its counter."""
        with self.shop.begin() as session:
            session.execute(
                text(
                    "UPDATE bill SET balance_cents = balance_cents - 1000,"
                    " paid_cents = paid_cents + 1000 WHERE id = :id AND balance_cents >= 1000"
                ),
                {"id": self.bills[0]},
            )

    @rule()
    def sweep(self) -> None:
        self.shop.desk.sweep()

    # -- what must hold ------------------------------------------------------------------

    def _cart_total(self, cart: CartId) -> int:
        return self.shop.scalar(
            "SELECT coalesce(sum(amount_cents), 0)::bigint FROM cart_item WHERE cart_id = :c",
            c=str(cart),
        )

    def _mine(self, sql: str) -> Any:
        return self.shop.scalar(sql, users=[str(p.user_id) for p in self.payers])

    @invariant()
    def the_ledger_never_has_more_than_was_captured(self) -> None:
        assert 0 <= self._booked() <= self.shop.charged()

    def _booked(self) -> int:
        return self._mine(
            "SELECT coalesce(sum(e.amount_cents), 0)::bigint FROM ledger_entry e"
            " JOIN ledger_tx t ON t.id = e.tx_id JOIN payment p ON t.reference LIKE '%' || p.id"
            " WHERE e.ledger_account = 'stripe_clearing'"
            " AND p.user_id = ANY(CAST(:users AS uuid[]))"
        )

    @invariant()
    def no_bill_is_paid_more_than_it_needs(self) -> None:
        """What was booked on a bill never exceeds what the bill was."""
        for bill, cents in zip(self.bills, OWED, strict=False):
            booked = self.shop.scalar(
                "SELECT -coalesce(sum(amount_cents), 0)::bigint FROM ledger_entry"
                " WHERE ledger_account = 'receivable' AND bill_id = :b",
                b=bill,
            )
            assert booked <= cents

    @invariant()
    def holds_keep_two_payers_apart(self) -> None:
        """Money in excess of a bill comes only from the counter, never from two carts at once."""
        if not self.bills:
            return
        asked = self.shop.scalar(
            "SELECT coalesce(sum(i.amount_cents), 0)::bigint FROM payment_item i"
            " JOIN payment p ON p.id = i.payment_id WHERE i.bill_id = :b"
            " AND p.status IN ('confirming','requires_action','processing','succeeded')",
            b=self.bills[0],
        )
        assert asked <= OWED[0]

    @invariant()
    def nothing_is_charged_at_or_after_the_deadline(self) -> None:
        for intent in self.shop.standin.intents.values():
            deadline = self.shop.scalar(
                "SELECT extract(epoch FROM expires_at)::float FROM payment"
                " WHERE CAST(id AS text) = :p",
                p=intent["metadata"]["payment_id"],
            )
            assert deadline is not None
            assert intent["created"] < deadline

    @invariant()
    def a_cart_is_charged_once(self) -> None:
        seen: dict[str, int] = {}
        for charge in self.shop.standin.charges.values():
            if charge["paid"]:
                payment = charge["metadata"]["payment_id"]
                seen[payment] = seen.get(payment, 0) + 1
        assert all(count == 1 for count in seen.values())

    def teardown(self) -> None:
        """However it went: time passes, sweeps run, no webhook comes, and all is settled."""
        if not self.payers:
            return
        for _ in range(3):
            self.shop.pass_time(1000)
            self.shop.desk.sweep()
        assert (
            self._mine(
                "SELECT count(*) FROM payment WHERE status IN"
                " ('confirming','requires_action','processing')"
                " AND user_id = ANY(CAST(:users AS uuid[]))"
            )
            == 0
        )
        assert (
            self._mine(
                "SELECT count(*) FROM cart WHERE status IN ('checkout','confirming')"
                " AND user_id = ANY(CAST(:users AS uuid[]))"
            )
            == 0
        )
        assert self._booked() == self.shop.charged()
        assert (
            self._mine(
                "SELECT count(*) FROM (SELECT cart_id FROM payment WHERE status = 'succeeded'"
                " AND user_id = ANY(CAST(:users AS uuid[])) GROUP BY cart_id HAVING count(*) > 1) x"
            )
            == 0
        )
