"""What a passkey is asked to sign: a random number that is good once, for five minutes."""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session, col, update

from portal.domain.identity import limits
from portal.kit.ids import UserId
from portal.models.factors import PasskeyChallenge


def issue(session: Session, purpose: str, user_id: UserId | None, now: datetime) -> bytes:
    """Return a new challenge for one purpose, and for one user where it is known who signs."""
    challenge = secrets.token_bytes(32)
    session.add(
        PasskeyChallenge(
            challenge_hash=sha256(challenge).hexdigest(),
            purpose=purpose,
            user_id=user_id,
            expires_at=now + limits.CHALLENGE_LIFE,
        )
    )
    session.flush()
    return challenge


def use(
    session: Session, challenge: bytes, purpose: str, user_id: UserId | None, now: datetime
) -> bool:
    """Use a challenge up; False for one that we did not issue for this, or that was used or is old.

    Commit it before what was signed is looked at: a refusal there must not give it back.
    """
    used = session.exec(
        update(PasskeyChallenge)
        .where(
            col(PasskeyChallenge.challenge_hash) == sha256(challenge).hexdigest(),
            col(PasskeyChallenge.purpose) == purpose,
            col(PasskeyChallenge.user_id).is_not_distinct_from(user_id),
            col(PasskeyChallenge.used_at).is_(None),
            col(PasskeyChallenge.expires_at) > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1
