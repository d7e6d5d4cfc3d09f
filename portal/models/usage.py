"""Water use: a meter and service day a row; alerts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class MeterDay(SQLModel, table=True):
    """One meter's local day: 23, 24 or 25 hours in thousandths of a gallon; missing is NULL.

    Kept by the network's own id (`feed_id`: CMEP field 8, BEACON Meter_ID, without a B prefix), so
    that a day read before the billing system names its meter is the meter's from the day it does.
    `quality` has a letter an hour: R raw, E estimated, A adjusted, D derived, M both, d difference
    of two registers, g a gap's even share, - missing. `stamps` are the deliveries (record time and
    file name) and `origin` says hour by hour which of them: the newest wins each hour.
    """

    __tablename__ = "meter_day"
    feed_id: str = Field(primary_key=True, sa_type=Text)
    usage_date: date = Field(primary_key=True)
    hours: list[int | None] = Field(sa_type=ARRAY(Integer))
    quality: str = words()
    total: int | None = Field(default=None, sa_type=BigInteger)
    minimum: int | None = None
    maximum: int | None = None
    count: int
    estimated_count: int = 0
    stamps: list[str] = Field(sa_type=ARRAY(Text))
    origin: str = words()


class RegisterDay(SQLModel, table=True):
    """The cumulative registers a meter sent on a local day, as delivered, oldest first.

    Kept so that a corrupt read can still be undone by a later file. `seconds` count from the
    start of the local day; `values` are thousandths of a gallon.
    """

    __tablename__ = "register_day"
    feed_id: str = Field(primary_key=True, sa_type=Text)
    usage_date: date = Field(primary_key=True)
    seconds: list[int] = Field(sa_type=ARRAY(Integer))
    values: list[int] = Field(sa_type=ARRAY(BigInteger))
    stamps: list[str] = Field(sa_type=ARRAY(Text))
    origin: str = words()


class FeedMeter(SQLModel, table=True):
    """A meter that a feed has named, whether or not the billing system knows it."""

    __tablename__ = "feed_meter"
    feed_id: str = Field(primary_key=True, sa_type=Text)
    first_date: date
    last_date: date
    # Up to where its registers are known, and where it last said they roll over.
    register_until: datetime | None = instant(default=None)
    capacity: int | None = Field(default=None, sa_type=BigInteger)


class UsageNotification(SQLModel, table=True):
    """My Notifications: a resident's daily threshold for one account."""

    __tablename__ = "usage_notification"
    __table_args__ = (
        UniqueConstraint("user_id", "account_id", "customer_id"),
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
    # The tenure or the link ended, and those who heard were told; saving begins anew.
    ended_at: datetime | None = instant(default=None)


class AlertAddress(SQLModel, table=True):
    """An address that a resident named for alerts: asked, confirmed by itself, stopped by itself.

    One row a resident and address, for all of the resident's accounts. The resident's own sign-in
    address is never asked. `token_hash` is the SHA-256 of the newest confirmation link's secret.
    """

    __tablename__ = "alert_address"
    __table_args__ = (
        Index("uq_alert_address_user_email", "user_id", func.lower(Column("email")), unique=True),
        Index(
            "uq_alert_address_token_hash",
            "token_hash",
            unique=True,
            postgresql_where=text("token_hash <> ''"),
        ),
    )
    id: UUID = key()
    user_id: UUID = ref("user_account.id", index=False, ondelete="CASCADE")
    email: str = words()
    language: str = words()
    token_hash: str = words(default="")
    asked_at: datetime | None = instant(default=None)
    expires_at: datetime | None = instant(default=None)
    confirmed_at: datetime | None = instant(default=None)
    stopped_at: datetime | None = instant(default=None)


class UsageAlert(SQLModel, table=True):
    """An alert sent: once per notification, account and usage date."""

    __tablename__ = "usage_alert"
    __table_args__ = (UniqueConstraint("notification_id", "usage_date"),)
    id: UUID = key()
    notification_id: UUID = ref("usage_notification.id", ondelete="CASCADE")
    usage_date: date
    used_gallons: int
    threshold_gallons: int
    sent_at: datetime | None = created()
