"""A resident with bills, a cart and the stand-in behind the real SDK: what payment tests share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import stripe
from sqlalchemy import Engine
from sqlmodel import Session

from portal.demo.stripe.core import Standin
from portal.demo.stripe.inprocess import InProcess
from portal.domain.cart import operations
from portal.domain.cart.rules import Billing
from portal.domain.identity.actor import Actor
from portal.domain.payments.desk import Desk, Outcome
from portal.gateways.stripe import StripeProcessor
from portal.kit.ids import BillId, CartId
from tests import factories

BILLING = Billing(
    "Ana Rivera",
    "101 Main St",
    "",
    "Pleasanton",
    "CA",
    "94566",
    "925-555-0100",
    "ana@example.com",
)
_keys = count(1)


@dataclass
class Shop:
    """The world of a payment test, its clock in hand."""

    engine: Engine
    now: datetime
    standin: Standin = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.standin = Standin(lambda: int(self.now.timestamp()), account=uuid4().hex)
        self.client = stripe.StripeClient(
            self.standin.secret_key, http_client=InProcess(self.standin), max_network_retries=0
        )
        self.desk = Desk(self.processor(), self.begin, self.clock)

    def processor(self) -> StripeProcessor:
        return StripeProcessor(
            self.standin.secret_key,
            self.standin.outgoing.secret,
            livemode=False,
            http_client=InProcess(self.standin),
        )

    def clock(self, _session: Session) -> datetime:
        return self.now

    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def household(self, *cents: int) -> tuple[Actor, list[BillId]]:
        """Add a resident with an account and one bill an amount."""
        with self.begin() as session:
            user, account, customer = factories.household(session)
            bills = [factories.bill(session, account, customer, c) for c in cents]
            return factories.actor(user), [BillId(bill.id) for bill in bills]

    def neighbour(self, bill: BillId) -> Actor:
        """Add another resident who may pay the same bill."""
        from portal.models.accounts import Account, Customer
        from portal.models.bills import Bill

        with self.begin() as session:
            row = session.get_one(Bill, bill)
            user = factories.user(session)
            factories.link(
                session,
                user,
                session.get_one(Account, row.account_id),
                session.get_one(Customer, row.customer_id),
            )
            return factories.actor(user)

    def checkout(self, actor: Actor, bills: list[BillId], **typed: str) -> CartId:
        """Add the bills and Continue."""
        with self.begin() as session:
            operations.add(session, actor, [str(bill) for bill in bills])
        with self.begin() as session:
            return operations.begin_checkout(session, actor, typed, clock=self.clock)

    def token(self, method: str = "pm_card_visa") -> str:
        """Make a confirmation token as the browser would."""
        return self.client.v1.test_helpers.confirmation_tokens.create({"payment_method": method}).id

    def pay(
        self,
        actor: Actor,
        cart: CartId,
        cents: int,
        method: str = "pm_card_visa",
        network: str = "",
    ) -> Outcome:
        """Make Payment."""
        return self.pay_with(actor, cart, cents, self.token(method), network)

    def pay_with(
        self, actor: Actor, cart: CartId, cents: int, token: str, network: str = ""
    ) -> Outcome:
        """Make Payment with a token that the browser made."""
        return self.desk.pay(
            actor,
            str(cart),
            token=token,
            billing=BILLING,
            shown_cents=cents,
            return_url="http://localhost:3000/pay",
            network=network,
        )

    def charged(self) -> int:
        """Return the cents that the processor captured, less refunds."""
        return sum(
            c["amount_captured"] - c["amount_refunded"] for c in self.standin.charges.values()
        )

    def scalar(self, sql: str, **params: Any) -> Any:
        """Return one value from the database."""
        from sqlalchemy import text

        with self.begin() as session:
            return session.execute(text(sql), params).scalar()
