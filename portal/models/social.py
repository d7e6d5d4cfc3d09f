"""Signing in with another provider: who is whom there, and the flows under way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class ExternalIdentity(SQLModel, table=True):
    """A person at a provider, by (issuer, subject) and nothing else, tied to a sign-in."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id: UUID = key()
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    provider: str = words()
    issuer: str = words()
    subject: str = words()
    # What the provider called the person when they were joined: shown, never asked by.
    email: str = words(default="")
    created_at: datetime | None = created()
    last_used_at: datetime | None = instant(default=None)


class ProviderFlow(SQLModel, table=True):
    """One way to a provider and back, of one browser: ten minutes, the answer taken once.

    A person whom nobody here is tied to yet proves a mailbox or a password before the tie.
    """

    __tablename__ = "provider_flow"
    state_hash: str = Field(primary_key=True, max_length=64)
    browser_hash: str = words(index=True)
    provider: str = words()
    nonce: str = words()
    verifier: str = words()
    next_path: str = words(default="")
    # Set where a signed-in resident connects the provider to their sign-in.
    user_id: UUID | None = ref("user_account.id", default=None, index=False, ondelete="CASCADE")
    created_at: datetime | None = created()
    expires_at: datetime = instant()
    # Apple posts its answer without our cookie: it waits here until the browser follows.
    code: str = words(default="")
    answered_at: datetime | None = instant(default=None)
    issuer: str = words(default="")
    subject: str = words(default="")
    email: str = words(default="")
    # The provider gave no address: this one was typed.
    email_typed: bool = False
    first_name: str = words(default="")
    last_name: str = words(default="")
    code_hash: str = words(default="")
    ended_at: datetime | None = instant(default=None)
