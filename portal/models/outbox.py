"""Mail that must leave, written in the transaction that causes it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import SQLModel

from portal.models.base import created, instant, key, ref, words


class Mail(SQLModel, table=True):
    """One message to one address. Its Message-ID is made from `id`."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("status IN ('waiting','sent','failed')", name="status"),
        Index("ix_mail_due", "next_try_at", postgresql_where=text("status = 'waiting'")),
    )
    id: UUID = key()
    kind: str = words()
    to_address: str = words()
    subject: str = words()
    text_body: str = words()
    html_body: str = words()
    # Where its reader stops its kind without signing in (RFC 8058); "" for what nobody stops.
    stop_url: str = words(default="")
    user_id: UUID | None = ref("user_account.id", default=None)
    account_id: UUID | None = ref("account.id", default=None)
    payment_id: UUID | None = ref("payment.id", default=None)
    status: str = words(default="waiting")
    attempts: int = 0
    created_at: datetime | None = created()
    next_try_at: datetime | None = created()
    sent_at: datetime | None = instant(default=None)
    last_error: str = words(default="")
