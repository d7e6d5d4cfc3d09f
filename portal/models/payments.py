"""Carts, payments and the ledger."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from portal.models.base import cents, created, happened, instant, key, ref, words


class Cart(SQLModel, table=True):
    """What a resident is about to pay, and the ten minutes they have to pay it."""

    __tablename__ = "cart"
    __table_args__ = (
        CheckConstraint(
            "status IN ('open','checkout','confirming','processing','paid','expired')",
            name="status",
        ),
        Index(
            "uq_cart_current",
            "user_id",
            unique=True,
            postgresql_where=text("status NOT IN ('paid','processing')"),
        ),
    )
    id: UUID = key()
    user_id: UUID = ref("user_account.id", index=False)
    status: str = words(default="open")
    created_at: datetime | None = created()
    # Database time + 600 s while in checkout; holds die with it.
    expires_at: datetime | None = instant(default=None)
    extensions: int = 0
    # What was typed in Billing Information (never card data), kept over expiry.
    billing: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]


class CartItem(SQLModel, table=True):
    """One bill in a cart; while the cart is in checkout its amount is a hold on the bill."""

    __tablename__ = "cart_item"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount"),)
    cart_id: UUID = ref("cart.id", primary_key=True, index=False, ondelete="CASCADE")
    bill_id: UUID = ref("bill.id", primary_key=True)
    amount_cents: int = cents()
    added_at: datetime | None = created()


class Payment(SQLModel, table=True):
    """One attempt to pay a cart. `number` is what people see and say on the phone."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(
            "status IN ('confirming','requires_action','processing','succeeded','failed',"
            "'canceled')",
            name="status",
        ),
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("method IN ('card','ach')", name="method"),
        # One live attempt a cart: the race is lost here, whatever the code above believes. A paid
        # cart takes no new attempt by its own status; late money of an older attempt must still
        # be bookable beside a newer one, so `succeeded` is not in here.
        Index(
            "uq_payment_live_attempt",
            "cart_id",
            unique=True,
            postgresql_where=text("status IN ('confirming','requires_action')"),
        ),
    )
    id: UUID = key()
    number: int = Field(
        default=None, sa_type=BigInteger, unique=True, sa_column_args=(Identity(start=100001),)
    )
    cart_id: UUID = ref("cart.id")
    user_id: UUID = ref("user_account.id")
    status: str = words(default="confirming")
    amount_cents: int = cents()
    method: str = words(default="card")
    livemode: bool = False
    idempotency_key: str = words(unique=True)
    # The request exactly as sent, so that the sweep can send the identical one again.
    request: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]
    processor_ref: str | None = words(default=None, unique=True)
    card_brand: str = words(default="")
    last4: str = words(default="")
    payer_name: str = words(default="")
    receipt_email: str = words(default="")
    created_at: datetime | None = created()
    expires_at: datetime = instant()
    settled_at: datetime | None = instant(default=None)
    # The city's local date of the payment: decides lateness. The next business day: posting.
    effective_date: date
    business_date: date
    failure_code: str = words(default="")


class PaymentItem(SQLModel, table=True):
    """One bill's part of a payment; the unit the billing system books.

    Its `portal_payment_id` is "<payment number>-<seq>".
    """

    __tablename__ = "payment_item"
    payment_id: UUID = ref("payment.id", primary_key=True, index=False)
    seq: int = Field(primary_key=True)
    bill_id: UUID = ref("bill.id")
    amount_cents: int = cents()
    portal_payment_id: str = words(unique=True)
    # What of it the bill did not need when the money came: customer credit, on the staff's list.
    excess_cents: int = cents(default=0)


class PaymentEvent(SQLModel, table=True):
    """A step in a payment's chain of states, visible to resident and staff."""

    __tablename__ = "payment_event"
    id: UUID = key()
    payment_id: UUID = ref("payment.id")
    at: datetime | None = happened()
    from_status: str = words(default="")
    to_status: str = words()
    source: str = words()  # reply, webhook, sweep, resident, staff
    detail: str = words(default="")


class WebhookEvent(SQLModel, table=True):
    """A processor's event, taken once by its id and worked through by a job."""

    __tablename__ = "webhook_event"
    event_id: str = Field(primary_key=True)
    kind: str = words()
    object_ref: str = words(default="")
    received_at: datetime | None = created()
    processed_at: datetime | None = instant(default=None)


class LedgerTx(SQLModel, table=True):
    """one booking; `reference` is its idempotency key ("pay:<id>", "bill:<id>:<n>", ...)."""

    __tablename__ = "ledger_tx"
    id: UUID = key()
    reference: str = words(unique=True)
    kind: str = words()
    effective_date: date
    business_date: date
    at: datetime | None = created()
    actor: str = words(default="system")


class LedgerEntry(SQLModel, table=True):
    """One side of a booking: debit positive, credit negative; a booking sums to zero."""

    __tablename__ = "ledger_entry"
    __table_args__: Any = (UniqueConstraint("tx_id", "ledger_account", "bill_id"),)
    id: UUID = key()
    tx_id: UUID = ref("ledger_tx.id")
    # receivable, revenue, stripe_clearing, customer_credit, ...; bill_id says whose receivable.
    ledger_account: str = words()
    bill_id: UUID | None = ref("bill.id", default=None)
    amount_cents: int = cents()


class StaffTask(SQLModel, table=True):
    """Something a person at the city has to look at: money in doubt, excess, rejected postings."""

    __tablename__ = "staff_task"
    id: UUID = key()
    kind: str = words()
    reference: str = words(unique=True)
    payment_id: UUID | None = ref("payment.id", default=None)
    # A message id with its places, and what fills them: said in the reader's language.
    detail: str = words()
    params: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]
    created_at: datetime | None = created()
    done_at: datetime | None = instant(default=None)
    done_by: UUID | None = ref("user_account.id", default=None)
