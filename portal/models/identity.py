"""Who signs in: users, their sessions, mailed links, counters."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class User(SQLModel, table=True):
    """A sign-in: a resident or a member of staff."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("role IN ('resident','viewer','administrator')", name="role"),
        CheckConstraint("status IN ('unverified','active','closed')", name="status"),
        Index("uq_user_account_email_lower", func.lower(Column("email")), unique=True),
        Index(
            "uq_user_account_username_lower",
            func.lower(Column("username")),
            unique=True,
            postgresql_where=text("username <> ''"),
        ),
    )
    id: UUID = key()
    email: str = words()
    # The User ID that a resident may choose, to sign in with instead of the address; "" for none.
    username: str = words(default="")
    password_hash: str = words(default="")
    first_name: str = words(default="")
    last_name: str = words(default="")
    language: str = words(default="en")
    role: str = words(default="resident")
    status: str = words(default="unverified")
    created_at: datetime | None = created()
    activated_at: datetime | None = instant(default=None)
    password_changed_at: datetime | None = instant(default=None)
    last_sign_in_at: datetime | None = instant(default=None)
    last_failed_sign_in_at: datetime | None = instant(default=None)


class UserSession(SQLModel, table=True):
    """One signed-in browser. The row knows only the SHA-256 of the cookie's secret."""

    __tablename__ = "user_session"
    id_hash: str = Field(primary_key=True, max_length=64)
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    created_at: datetime | None = created()
    authenticated_at: datetime = instant()
    last_seen_at: datetime = instant()
    idle_expires_at: datetime = instant()
    expires_at: datetime = instant()
    remembered: bool = False
    second_factor: bool = False
    ip: str = words(default="")
    user_agent: str = words(default="")
    # When its owner had signed in before this time.
    previous_sign_in_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)


class MailToken(SQLModel, table=True):
    """A link or code sent by mail, used once: activation, reset or unlock."""

    __tablename__ = "mail_token"
    __table_args__ = (
        CheckConstraint("purpose IN ('activate','reset','unlock','staff_enrol')", name="purpose"),
    )
    token_hash: str = Field(primary_key=True, max_length=64)
    # HMAC of the 6-digit code in the same mail; "" where the link has none.
    code_hash: str = words(default="")
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    purpose: str = words()
    email: str = words()
    created_at: datetime | None = created()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    superseded_at: datetime | None = instant(default=None)


class Throttle(SQLModel, table=True):
    """A counter in a window, kept by one atomic upsert; `key` says what is counted for whom."""

    __tablename__ = "throttle"
    bucket: str = Field(primary_key=True, max_length=200)
    count: int = 0
    window_started_at: datetime = instant()
    locked_until: datetime | None = instant(default=None)
    lock_level: int = 0


class AccountLink(SQLModel, table=True):
    """A sign-in's tie to one customer at one account: it opens that customer's tenures there.

    Who made it with the numbers of a bill holds the account; who was invited by a holder is a
    delegate, who may pay or only view, until `ends_at`.
    """

    __tablename__ = "account_link"
    __table_args__: Any = (
        UniqueConstraint("user_id", "account_id", "customer_id"),
        CheckConstraint("rights IN ('hold','pay','view')", name="rights"),
        CheckConstraint("(rights = 'hold') = (granted_by IS NULL)", name="delegate"),
    )
    id: UUID = key()
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    account_id: UUID = ref("account.id")
    customer_id: UUID = ref("customer.id")
    rights: str = words(default="hold")
    # The holder who invited a delegate.
    granted_by: UUID | None = ref("user_account.id", default=None, ondelete="CASCADE")
    created_at: datetime | None = created()
    # The first instant at which a delegate's link no longer opens anything.
    ends_at: datetime | None = instant(default=None)
    # When a delegate and the holder were told that the end is near.
    soon_told_at: datetime | None = instant(default=None)
    removed_at: datetime | None = instant(default=None)
    # When the end of the customer's time there was noted; a delegate's link was removed by it.
    left_at: datetime | None = instant(default=None)


class LinkCode(SQLModel, table=True):
    """The newest code mailed to the address on file, for one sign-in to link one customer."""

    __tablename__ = "link_code"
    __table_args__ = (UniqueConstraint("user_id", "account_id", "customer_id"),)
    id: UUID = key()
    user_id: UUID = ref("user_account.id", index=False, ondelete="CASCADE")
    account_id: UUID = ref("account.id", index=False)
    customer_id: UUID = ref("customer.id", index=False)
    # HMAC of six digits.
    code_hash: str = words()
    created_at: datetime | None = created()
    expires_at: datetime = instant()
    tries: int = 0
    used_at: datetime | None = instant(default=None)


class PreparedLink(SQLModel, table=True):
    """A tie that the portal before this one had: made here once the address is proven."""

    __tablename__ = "prepared_link"
    __table_args__ = (
        UniqueConstraint("email", "account_id", "customer_id"),
        Index("ix_prepared_link_waiting", "email", postgresql_where=text("linked_at IS NULL")),
    )
    id: UUID = key()
    # In small letters.
    email: str = words()
    account_id: UUID = ref("account.id")
    customer_id: UUID = ref("customer.id", index=False)
    created_at: datetime | None = created()
    # Made once: who removes the link later keeps it removed.
    linked_at: datetime | None = instant(default=None)


class NumbersRequest(SQLModel, table=True):
    """A resident who has no bill at hand asks the city for the two numbers. Staff look it up."""

    __tablename__ = "numbers_request"
    __table_args__ = (
        CheckConstraint("way IN ('mail','call')", name="way"),
        Index(
            "ix_numbers_request_waiting", "requested_at", postgresql_where=text("done_at IS NULL")
        ),
    )
    id: UUID = key()
    reference: str = words(unique=True)
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    name: str = words()
    address: str = words()
    way: str = words()
    requested_at: datetime = instant()
    done_at: datetime | None = instant(default=None)
    done_by: UUID | None = ref("user_account.id", index=False, default=None)


class SavedSearch(SQLModel, table=True):
    """Remember these values: the numbers a resident last searched with."""

    __tablename__ = "saved_search"
    user_id: UUID = ref("user_account.id", primary_key=True, index=False, ondelete="CASCADE")
    account_no: str = words()
    cid: str = words()
