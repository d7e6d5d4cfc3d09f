"""Ten codes on paper for who lost phone and key: shown once, each good once."""

import secrets
from datetime import datetime

from sqlmodel import Session, col, delete, update

from portal.domain.identity import limits
from portal.models.factors import RecoveryCode
from portal.models.identity import User
from portal.secret import seal

# Neither 0 and o nor 1, i and l: they are copied from paper. Twelve of them are 59 bits.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = (4, 4, 4)


def make(session: Session, user: User, now: datetime) -> list[str]:
    """Return ten new codes for `user`, as they are shown; earlier ones end."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    codes = ["-".join(_group(n) for n in _GROUPS) for _ in range(limits.RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(code_hash=_hash(user, code), user_id=user.id, created_at=now) for code in codes
    )
    session.flush()
    return codes


def _group(letters: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(letters))


def _hash(user: User, typed: str) -> str:
    # Under a key of the portal's own: who steals the table cannot even try.
    plain = "".join(c for c in typed.casefold() if c.isalnum())
    return seal("recovery-code", f"{user.id}:{plain}").hex()


def use(session: Session, user: User, typed: str, now: datetime) -> bool:
    """True when the code is one of the user's and was not used before; it is used now."""
    used = session.exec(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.code_hash) == _hash(user, typed),
            col(RecoveryCode.user_id) == user.id,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1
