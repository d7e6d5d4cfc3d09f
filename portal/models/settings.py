"""What residents settle about their own sign-in: known browsers, an address on its way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class KnownBrowser(SQLModel, table=True):
    """A browser that a user has signed in with: the SHA-256 of the random id in its cookie."""

    __tablename__ = "known_browser"
    user_id: UUID = ref("user_account.id", primary_key=True, index=False, ondelete="CASCADE")
    device_hash: str = Field(primary_key=True, max_length=64)
    created_at: datetime | None = created()
    last_seen_at: datetime = instant()


class EmailChange(SQLModel, table=True):
    """A new address that was asked for: it holds once both mailboxes have said yes.

    `new_hash` and `old_hash` are the SHA-256 of the two mails' secrets. Where the new address has
    a sign-in already, no secret was sent to it and `new_hash` is "".
    """

    __tablename__ = "email_change"
    __table_args__ = (
        Index(
            "uq_email_change_open",
            "user_id",
            unique=True,
            postgresql_where=text("done_at IS NULL AND ended_at IS NULL"),
        ),
    )
    id: UUID = key()
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    old_email: str = words()
    new_email: str = words()
    new_hash: str = words(default="", index=True)
    old_hash: str = words(index=True)
    # The session that asked: it is the one that outlives the change.
    session_hash: str = words()
    asked_at: datetime = instant()
    expires_at: datetime = instant()
    new_confirmed_at: datetime | None = instant(default=None)
    old_confirmed_at: datetime | None = instant(default=None)
    done_at: datetime | None = instant(default=None)
    # Called off from a mailbox or replaced by a newer one.
    ended_at: datetime | None = instant(default=None)
