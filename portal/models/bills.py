"""Bills as the billing system holds them; open-item: each bill keeps its balance."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.models.base import cents, key, ref, words


class Bill(SQLModel, table=True):
    """A bill (exchange: bills.csv), known by (bill_year, category, bill_no)."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("bill_year", "category", "bill_no"),
        CheckConstraint(
            "status IN ('OPEN','PAID','CREDIT','LIENED','WRITTENOFF','VOID')", name="status"
        ),
        CheckConstraint(
            "balance_cents = billed_cents + adjusted_cents - abated_cents - paid_cents"
            " + refunded_cents - written_off_cents + penalty_due_cents + interest_due_cents",
            name="balance",
        ),
        Index("ix_bill_account_id_statement_date", "account_id", "statement_date"),
    )
    id: UUID = key()
    bill_year: int
    category: int
    bill_no: str = words()
    bill_type: str = words()
    account_id: UUID | None = ref("account.id", index=False, default=None)
    customer_id: UUID = ref("customer.id")
    property_code: str = words(default="")
    statement_date: date
    period_from: date | None = None
    period_to: date | None = None
    due_date: date
    billed_cents: int = cents()
    adjusted_cents: int = cents()
    abated_cents: int = cents()
    paid_cents: int = cents()
    refunded_cents: int = cents()
    written_off_cents: int = cents()
    penalty_due_cents: int = cents()
    interest_due_cents: int = cents()
    balance_cents: int = cents()
    on_lien: bool = False
    status: str = words()
    message: str = words(default="")
    image_name: str = words(default="")


class BillLine(SQLModel, table=True):
    """One charge on a bill (exchange: bill_lines.csv)."""

    __tablename__ = "bill_line"
    bill_id: UUID = ref("bill.id", primary_key=True, index=False)
    line: int = Field(primary_key=True)
    charge_code: str = words()
    service_code: str = words(default="")
    description: str = words()
    qty: Decimal | None = Field(default=None, sa_type=Numeric)
    unit: str = words(default="")
    rate: Decimal | None = Field(default=None, sa_type=Numeric)
    original_cents: int = cents()
    adjusted_cents: int = cents()
    abated_cents: int = cents()
    paid_cents: int = cents()
    balance_cents: int = cents()
    agency: str = words(default="")


class BillInstallment(SQLModel, table=True):
    """One due part of a bill (exchange: bill_installments.csv)."""

    __tablename__ = "bill_installment"
    bill_id: UUID = ref("bill.id", primary_key=True, index=False)
    installment: int = Field(primary_key=True)
    pay_by: date
    amount_cents: int = cents()
    credits_cents: int = cents()
    balance_cents: int = cents()
    interest_cents: int = cents()
    due_cents: int = cents()


class BillActivity(SQLModel, table=True):
    """What the billing system booked on a bill (exchange: payments.csv).

    `amount_cents` is signed as sent: a payment is negative, a charge positive.
    """

    __tablename__ = "bill_activity"
    __table_args__ = (
        CheckConstraint(
            "activity IN ('PAYMENT','ADJUSTMENT','ABATEMENT','REFUND','REVERSAL','TRANSFER','FEE',"
            "'LIEN')",
            name="activity",
        ),
        CheckConstraint("source IN ('PORTAL','LOCKBOX','COUNTER','EFT','OTHER')", name="source"),
    )
    payment_ref: str = Field(primary_key=True)
    bill_id: UUID = ref("bill.id")
    activity: str = words()
    posted_date: date
    entered_date: date
    effective_date: date
    amount_cents: int = cents()
    tender: str = words(default="")
    paid_by: str = words(default="")
    source: str = words()
    # Our payment's public number, where the row books one of ours: it ends that deduction.
    portal_payment_id: str = words(default="", index=True)
