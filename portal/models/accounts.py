"""Places, payers and what ties them: written by the nightly exchange, read by everyone."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class Account(SQLModel, table=True):
    """A place that is billed (exchange: accounts.csv)."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("status IN ('ACTIVE','INACTIVE','FINAL','PENDING')", name="status"),
    )
    id: UUID = key()
    account_no: str = words(unique=True)
    account_type: str = words()
    status: str = words()
    service_address: str = words()
    unit: str = words(default="")
    city: str = words()
    state: str = words()
    zip: str = words()
    parcel_id: str = words(default="")
    district: str = words(default="")
    route_book: str = words(default="")
    read_seq: str = words(default="")
    cycle_code: str = words()
    inside_limits: bool = True
    start_date: date | None = None
    stop_date: date | None = None
    # The account number as a person may type it: no spaces, dashes or leading zeros.
    match_no: str = words(index=True)


class Customer(SQLModel, table=True):
    """A payer (exchange: customers.csv); `cid` is printed on the bill."""

    __tablename__ = "customer"
    __table_args__ = (CheckConstraint("status IN ('A','I')", name="status"),)
    id: UUID = key()
    cid: str = words(unique=True)
    name1: str = words()
    name2: str = words(default="")
    addr1: str = words()
    addr2: str = words(default="")
    city: str = words()
    state: str = words()
    zip: str = words()
    country: str = words(default="")
    phone: str = words(default="")
    email: str = words(default="")
    status: str = words()
    confidential: bool = False
    match_no: str = words(index=True)


class Tenure(SQLModel, table=True):
    """One customer's time at one account, half-open (exchange: account_customers.csv)."""

    __tablename__ = "tenure"
    __table_args__ = (
        UniqueConstraint("account_id", "customer_id", "start_date"),
        CheckConstraint("relation IN ('OWNER','TENANT','AGENT','COPY')", name="relation"),
        CheckConstraint("delivery IN ('MAIL','EMAIL','BOTH')", name="delivery"),
    )
    id: UUID = key()
    account_id: UUID = ref("account.id", index=False)
    customer_id: UUID = ref("customer.id")
    relation: str = words()
    is_primary: bool = False
    responsible: bool = False
    start_date: date
    stop_date: date | None = None
    bill_hold: bool = False
    delivery: str = words()
    eft_enrolled: bool = False
    times_paid_late: int | None = None


class Service(SQLModel, table=True):
    """A charge-bearing service at an account (exchange: services.csv)."""

    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("account_id", "customer_id", "service_code", "service_seq"),
        CheckConstraint("status IN ('ACTIVE','INACTIVE','FINAL','SEASONAL')", name="status"),
        CheckConstraint("kind IN ('METERED','FLAT','OTHER')", name="kind"),
    )
    id: UUID = key()
    account_id: UUID = ref("account.id", index=False)
    customer_id: UUID = ref("customer.id", index=False)
    service_code: str = words()
    service_seq: int
    description: str = words()
    status: str = words()
    kind: str = words()
    rate_code: str = words(default="")
    customer_type: str = words(default="")
    cycle_code: str = words(default="")
    multiplier: Decimal | None = Field(default=None, sa_type=Numeric)
    winter_average: Decimal | None = Field(default=None, sa_type=Numeric)
    start_date: date
    stop_date: date | None = None


class Meter(SQLModel, table=True):
    """A meter connected at an account's service for a time (exchange: meters.csv)."""

    __tablename__ = "meter"
    __table_args__ = (
        UniqueConstraint("manufacturer", "serial_no", "connected"),
        CheckConstraint("unit IN ('GAL','KGAL','CCF','CF','M3','L')", name="unit"),
    )
    id: UUID = key()
    manufacturer: str = words()
    serial_no: str = words(index=True)
    size: str = words()
    dials: int
    unit: str = words()
    multiplier: Decimal = Field(sa_type=Numeric)
    # What the meter-reading network calls it (CMEP field 8, BEACON Meter_ID), without a B prefix.
    remote_id: str = words(default="", index=True)
    account_id: UUID = ref("account.id")
    service_code: str = words()
    service_seq: int
    connected: date
    removed: date | None = None
    in_read: Decimal = Field(sa_type=Numeric)
    out_read: Decimal | None = Field(default=None, sa_type=Numeric)


class Read(SQLModel, table=True):
    """A read that bills rest on, as the billing system sent it (exchange: reads.csv)."""

    __tablename__ = "read"
    __table_args__ = (
        UniqueConstraint("account_id", "service_code", "serial_no", "read_date", "transaction"),
        CheckConstraint("read_code IN ('A','E','C','R')", name="read_code"),
        CheckConstraint(
            "transaction IN ('CYCLE','SPECIAL','REPLACE_OUT','REPLACE_IN','FINAL')",
            name="transaction",
        ),
        Index("ix_read_bill", "bill_year", "category", "bill_no"),
    )
    id: UUID = key()
    account_id: UUID = ref("account.id", index=False)
    service_code: str = words()
    service_seq: int
    serial_no: str = words()
    # The meter that the serial number meant at that account, service and date.
    meter_id: UUID | None = ref("meter.id", index=False, default=None)
    read_date: date
    prev_read_date: date
    prev_read: Decimal = Field(sa_type=Numeric)
    curr_read: Decimal = Field(sa_type=Numeric)
    actual_usage: Decimal = Field(sa_type=Numeric)
    billed_usage: Decimal = Field(sa_type=Numeric)
    unit: str = words()
    read_code: str = words()
    estimated: bool = False
    transaction: str = words()
    bill_year: int | None = None
    category: int | None = None
    bill_no: str = words(default="")


class Announcement(SQLModel, table=True):
    """What the city says on the home page, in both languages, for a time."""

    __tablename__ = "announcement"
    id: UUID = key()
    title_en: str = words()
    body_en: str = words()
    title_es: str = words(default="")
    body_es: str = words(default="")
    starts_at: datetime = instant()
    ends_at: datetime | None = instant(default=None)
    created_at: datetime | None = created()
