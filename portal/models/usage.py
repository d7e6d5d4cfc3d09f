"""Water use: a meter and service day a row; alerts."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class MeterDay(SQLModel, table=True):
    """One meter's local day: 23, 24 or 25 hours in gallons; a missing hour is NULL, not zero.

    `quality` holds one letter an hour: R raw, E estimated, A adjusted, - missing.
    `record_time` orders re-deliveries hour by hour: the newest wins.
    """

    __tablename__ = "meter_day"
    meter_id: UUID = ref("meter.id", primary_key=True, index=False)
    usage_date: date = Field(primary_key=True)
    hours: list[Decimal | None] = Field(sa_type=ARRAY(Numeric))
    quality: str = words()
    total: Decimal = Field(sa_type=Numeric)
    minimum: Decimal | None = Field(default=None, sa_type=Numeric)
    maximum: Decimal | None = Field(default=None, sa_type=Numeric)
    count: int
    estimated_count: int = 0
    record_time: datetime = instant()
    source_file: str = words()


class UnknownMeter(SQLModel, table=True):
    """A meter the feed names and the billing system does not: its days are counted and kept."""

    __tablename__ = "unknown_meter"
    remote_id: str = Field(primary_key=True)
    usage_date: date = Field(primary_key=True)
    hours: list[Decimal | None] = Field(sa_type=ARRAY(Numeric))
    quality: str = words()
    record_time: datetime = instant()
    source_file: str = words()


class UsageNotification(SQLModel, table=True):
    """My Notifications: a resident's daily threshold for one account."""

    __tablename__ = "usage_notification"
    __table_args__ = (
        UniqueConstraint("user_id", "account_id"),
        CheckConstraint("threshold_gallons > 0", name="threshold"),
    )
    id: UUID = key()
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    account_id: UUID = ref("account.id")
    customer_id: UUID = ref("customer.id")
    threshold_gallons: int
    suspended: bool = False
    emails: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    updated_at: datetime = instant()


class UsageAlert(SQLModel, table=True):
    """An alert sent: once per notification, account and usage date."""

    __tablename__ = "usage_alert"
    __table_args__ = (UniqueConstraint("notification_id", "usage_date"),)
    id: UUID = key()
    notification_id: UUID = ref("usage_notification.id", ondelete="CASCADE")
    usage_date: date
    used_gallons: Decimal = Field(sa_type=Numeric)
    threshold_gallons: int
    sent_at: datetime | None = created()
