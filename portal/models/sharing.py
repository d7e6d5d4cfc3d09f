"""What a holder offers to somebody else: access to one account, by mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class Invitation(SQLModel, table=True):
    """An offer to pay or view one customer's account, mailed to one address.

    The row knows the SHA-256 of the mailed secret. Accepting it makes an AccountLink.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("rights IN ('pay','view')", name="rights"),
        CheckConstraint("num_nonnulls(accepted_at, withdrawn_at) <= 1", name="outcome"),
        Index(
            "ix_invitation_open",
            "account_id",
            "customer_id",
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )
    id: UUID = key()
    token_hash: str = Field(unique=True, max_length=64)
    email: str = words()
    account_id: UUID = ref("account.id", index=False)
    customer_id: UUID = ref("customer.id", index=False)
    invited_by: UUID = ref("user_account.id", ondelete="CASCADE")
    rights: str = words()
    # The first instant at which the access will be over.
    ends_at: datetime | None = instant(default=None)
    created_at: datetime | None = created()
    expires_at: datetime = instant()
    accepted_at: datetime | None = instant(default=None)
    withdrawn_at: datetime | None = instant(default=None)
    # HMAC of the code mailed to `email` for who is signed in with another address.
    code_hash: str = words(default="")
    code_expires_at: datetime | None = instant(default=None)
