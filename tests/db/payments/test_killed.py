"""kill -9 between claim and answer: the sweep finds out, and charges once."""

import signal
import subprocess
import sys
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from portal.config import ROOT
from portal.domain.payments.attempts import Claimed
from portal.kit.ids import PaymentId
from portal.models.payments import Payment
from tests.db.payments.shop import Shop

_DIES = """
import os, signal, sys
from datetime import datetime
from uuid import UUID
from sqlalchemy import create_engine
from portal.domain.identity.actor import Actor
from portal.kit.ids import UserId
from tests.db.payments.shop import BILLING, Shop

url, user, cart, token, now = sys.argv[1:]
shop = Shop(create_engine(url), datetime.fromisoformat(now))

def die(request, key):
    os.kill(os.getpid(), signal.SIGKILL)

shop.desk.processor.confirm = die
shop.desk.pay(
    Actor(user_id=UserId(UUID(user)), role="resident"), cart, token=token, billing=BILLING,
    shown_cents=5000, return_url="http://localhost:3000/pay",
)
"""


@pytest.mark.parametrize("arrived", [True, False])
def test_a_server_killed_mid_payment_loses_nothing(
    database: Engine, now: datetime, arrived: bool
) -> None:
    shop = Shop(database, now)
    ana, bills = shop.household(5000)
    cart = shop.checkout(ana, bills)
    url = database.url.render_as_string(hide_password=False)
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            _DIES,
            url,
            str(ana.user_id),
            str(cart),
            shop.token(),
            now.isoformat(),
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PORTAL_ENV_FILE": ""},
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    assert shop.scalar("SELECT status FROM cart") == "confirming"
    with shop.begin() as session:
        payment = session.exec(select(Payment)).one()
    if arrived:
        claimed = Claimed(
            PaymentId(payment.id), payment.number, payment.idempotency_key, payment.request
        )
        shop.desk.processor.confirm(claimed.request, claimed.key)
    shop.pass_time(61)
    shop.desk.sweep()
    assert shop.scalar("SELECT status FROM payment") == "succeeded"
    assert shop.scalar("SELECT status FROM cart") == "paid"
    assert len(shop.standin.charges) == 1
    assert shop.charged() == 5000
