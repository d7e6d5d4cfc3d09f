"""The stateful machine on the real code, and six planted bugs that it must find."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from portal.domain.cart import holds
from portal.domain.payments import applying, desk
from portal.domain.payments.states import PaymentStatus
from portal.gateways.stripe import Intent, StripeProcessor
from tests import databases
from tests.db.payments.shop import Shop
from tests.property.payments.world import PaymentWorld

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
RIGHT = settings(
    max_examples=25,
    stateful_step_count=15,
    # The failing run is printed step by step as it is: shrinking would take longer than reading.
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=_QUIET,
    print_blob=False,
)
# A mutant stops at its first failure: nothing is shrunk.
HUNT = settings(RIGHT, max_examples=40, phases=[Phase.generate], database=None, derandomize=True)


@pytest.fixture(scope="module")
def books() -> Iterator[Engine]:
    with databases.fresh() as engine:
        yield engine


@pytest.mark.timeout(170)
def test_whatever_happens_the_books_are_right(books: Engine) -> None:
    world = type("World", (PaymentWorld,), {"engine": books})
    run_state_machine_as_test(world, settings=RIGHT)


class FreshKeys(StripeProcessor):
    """No idempotency: each send is a new request to the processor."""

    def confirm(self, request: Mapping[str, Any], key: str) -> Intent:
        from portal.demo.stripe.core import Standin

        standin: Standin = self.standin
        for token in standin.tokens.values():
            token["payment_intent"] = None
        return super().confirm(request, f"{key}-{uuid4()}")


def _no_idempotency() -> Any:
    def processor(shop: Shop) -> StripeProcessor:
        fresh = FreshKeys(
            shop.standin.secret_key,
            shop.standin.outgoing.secret,
            livemode=False,
            http_client=shop.client._requestor._client,
        )
        fresh.standin = shop.standin
        return fresh

    return mock.patch.object(Shop, "processor", processor)


def _no_dedup() -> Any:
    real = applying.ledger.book

    def book(session: Any, reference: str, *rest: Any, **more: Any) -> bool:
        # Still found by its payment, no longer by its reference.
        return real(session, f"{uuid4()}:{reference}", *rest, **more)

    return mock.patch.object(applying.ledger, "book", book)


def _drop_late_money() -> Any:
    real = applying.apply

    def apply(session: Any, payment_id: Any, intent: Intent, source: str, now: Any) -> Any:
        cart, payment = applying.locked(session, payment_id)
        if intent.status == "succeeded" and now >= payment.expires_at:
            if payment.status in ("confirming", "requires_action"):
                applying.give_up(session, cart, payment, PaymentStatus.FAILED, source, now)
            return PaymentStatus(payment.status)
        return real(session, payment_id, intent, source, now)

    return mock.patch.object(desk, "apply", apply)


def _no_deadline() -> Any:
    @contextmanager
    def broken() -> Iterator[None]:
        from datetime import timedelta

        real = desk.claim

        def claim(*args: Any, clock: Any, **more: Any) -> Any:
            return real(*args, clock=lambda s: clock(s) - timedelta(seconds=3000), **more)

        with mock.patch.object(desk, "claim", claim):
            yield

    return broken()


def _no_holds() -> Any:
    return mock.patch.object(holds, "held_by_others", return_value={})


def _trust_payloads() -> Any:
    @contextmanager
    def broken() -> Iterator[None]:
        class Trusting(Shop):
            payload: Any = None

        real = desk.Desk.heard_of

        def heard_of(self: Any, intent: Intent) -> None:
            payload = self.shop.payload
            if payload and payload.get("object") == "payment_intent":
                from dataclasses import replace

                intent = replace(intent, status=payload["status"])
            real(self, intent)

        made = Shop.__post_init__

        def post_init(self: Any) -> None:
            made(self)
            self.desk.shop = self
            self.payload = None

        with (
            mock.patch.object(desk.Desk, "heard_of", heard_of),
            mock.patch.object(Shop, "__post_init__", post_init),
        ):
            yield

    return broken()


MUTANTS = {
    "no idempotency": _no_idempotency,
    "no ledger dedup": _no_dedup,
    "late money dropped": _drop_late_money,
    "no deadline": _no_deadline,
    "no holds": _no_holds,
    "payloads trusted": _trust_payloads,
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("bug", MUTANTS)
def test_a_planted_bug_is_found(books: Engine, bug: str) -> None:
    world = type("Mutant", (PaymentWorld,), {"engine": books})
    with MUTANTS[bug](), pytest.raises(AssertionError):
        run_state_machine_as_test(world, settings=HUNT)
