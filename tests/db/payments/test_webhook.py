"""The webhook's door: only what the processor signed, each event once."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.testclient import TestClient

from portal.demo.stripe.webhooks import sign
from portal.gateways import payment_mode
from portal.gateways.payment_mode import Counter, Mode
from portal.http import webhooks
from tests.db.payments.shop import Shop


@pytest.fixture
def shop(database: Engine) -> Shop:
    return Shop(database, datetime(2027, 1, 26, 18, 0, tzinfo=UTC))


def test_a_signed_event_is_kept_once_and_queued_once(shop: Shop) -> None:
    payment_mode.use(Counter(Mode("demo"), shop.processor(), "pk_test_standin", ""))
    try:
        ana, bills = shop.household(5000)
        shop.pay(ana, shop.checkout(ana, bills), 5000)
        delivery = shop.standin.outgoing.due(int(shop.now.timestamp()))[0]
        now = int(time.time())
        payload, signature = shop.standin.outgoing.signed(delivery, now)
        client = TestClient(Starlette(routes=list(webhooks.routes)))

        def post(body: str, header: str) -> int:
            return client.post(
                "/webhooks/stripe", content=body, headers={"stripe-signature": header}
            ).status_code

        assert post(payload, signature) == 200
        assert post(payload, signature) == 200
        assert post(payload.replace("5000", "5001"), signature) == 400
        assert post(payload, sign(payload, now - 4000, shop.standin.outgoing.secret)) == 400
        assert post(payload, sign(payload, now, "whsec_other")) == 400
        assert post(payload, "") == 400
        assert shop.scalar("SELECT count(*) FROM webhook_event") == 1
        queued = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.notice'"
        assert shop.scalar(queued) == 1
    finally:
        payment_mode.use(None)
