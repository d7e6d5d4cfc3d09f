"""Who did what to whom, and when; written in the same transaction, kept by sql/audit.sql."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from portal.models.base import created, key, ref, words


class AuditEvent(SQLModel, table=True):
    """One act. `subject_user_id`, `account_id` or `customer_id` say whom it touched."""

    __tablename__ = "audit_event"
    id: UUID = key()
    at: datetime | None = created()
    actor_user_id: UUID | None = ref("user_account.id", default=None)
    actor_role: str = words(default="system")
    act: str = words(index=True)  # "session.sign_in", "link.create", "staff.view_customer", ...
    subject_user_id: UUID | None = ref("user_account.id", default=None)
    account_id: UUID | None = ref("account.id", default=None)
    customer_id: UUID | None = ref("customer.id", default=None)
    payment_id: UUID | None = ref("payment.id", default=None)
    ip: str = words(default="")
    detail: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]
