"""What stands beside a password: authenticator seeds, passkeys, recovery codes, and steps begun."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from portal.models.base import created, instant, key, ref, words


class TotpFactor(SQLModel, table=True):
    """An authenticator app's seed, encrypted, and the last step used (a code works once).

    One in force a user, and beside it one that was shown and waits for its first code.
    """

    __tablename__ = "totp_factor"
    __table_args__ = (
        Index(
            "uq_totp_factor_in_force",
            "user_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index(
            "uq_totp_factor_waiting",
            "user_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NULL"),
        ),
    )
    id: UUID = key()
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    seed_encrypted: bytes = Field(sa_type=LargeBinary)
    last_step: int = 0
    confirmed_at: datetime | None = instant(default=None)


class Passkey(SQLModel, table=True):
    """A passkey's public half. `sign_count` only grows: a smaller one is a copy's."""

    __tablename__ = "passkey"
    id: UUID = key()
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    credential_id: bytes = Field(sa_type=LargeBinary, unique=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = Field(default=0, sa_type=BigInteger)
    transports: str = words(default="")  # "internal,hybrid": where the browser may look for it
    backed_up: bool = False
    name: str = words()
    created_at: datetime | None = created()
    last_used_at: datetime | None = instant(default=None)


class RecoveryCode(SQLModel, table=True):
    """One of ten codes for who lost the rest, known by its HMAC."""

    __tablename__ = "recovery_code"
    code_hash: str = Field(primary_key=True, max_length=64)
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    created_at: datetime | None = created()
    used_at: datetime | None = instant(default=None)


class PasskeyChallenge(SQLModel, table=True):
    """A random number that a passkey is asked to sign, known by its SHA-256, good once."""

    __tablename__ = "passkey_challenge"
    __table_args__ = (
        CheckConstraint("purpose IN ('register','sign_in','second_step')", name="purpose"),
    )
    challenge_hash: str = Field(primary_key=True, max_length=64)
    purpose: str = words()
    # Nobody yet, where the passkey itself says who signs in.
    user_id: UUID | None = ref("user_account.id", default=None, ondelete="CASCADE")
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)


class PendingSignIn(SQLModel, table=True):
    """A browser that passed the first factor and still owes the second."""

    __tablename__ = "pending_sign_in"
    secret_hash: str = Field(primary_key=True, max_length=64)
    user_id: UUID = ref("user_account.id", ondelete="CASCADE")
    remember: bool = False
    tries: int = 0
    created_at: datetime | None = created()
    expires_at: datetime = instant()
    done_at: datetime | None = instant(default=None)
