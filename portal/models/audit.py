"""Who did what to whom, and when; written in the same transaction, kept by sql/audit.sql."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from portal.models.base import happened, key, ref, words


class AuditEvent(SQLModel, table=True):
    """One act. `subject_user_id`, `account_id` or `customer_id` say whom it touched."""

    __tablename__ = "audit_event"
    # Each way in to the log is by whom or what, the newest first.
    __table_args__ = tuple(
        Index(f"ix_audit_event_{name}", column, "at")
        for name, column in (
            ("actor", "actor_user_id"),
            ("subject", "subject_user_id"),
            ("account", "account_id"),
            ("customer", "customer_id"),
            ("act", "act"),
        )
    )
    id: UUID = key()
    at: datetime | None = happened(index=True)
    actor_user_id: UUID | None = ref("user_account.id", default=None, index=False)
    actor_role: str = words(default="system")
    act: str = words()  # "session.sign_in", "link.create": each stands in domain/audit/acts.py
    subject_user_id: UUID | None = ref("user_account.id", default=None, index=False)
    account_id: UUID | None = ref("account.id", default=None, index=False)
    customer_id: UUID | None = ref("customer.id", default=None, index=False)
    payment_id: UUID | None = ref("payment.id", default=None)
    ip: str = words(default="")
    detail: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]
