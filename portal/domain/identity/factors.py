"""Which second factors a sign-in has, and what follows from having one."""

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlmodel import Session, col, delete

from portal.domain.identity import limits, totp
from portal.models.factors import Passkey, PendingSignIn, RecoveryCode, TotpFactor
from portal.models.identity import User


@dataclass(frozen=True)
class Factors:
    """What may be used at the second step."""

    app: bool  # an authenticator app
    passkeys: int
    codes: int  # recovery codes that were not used yet

    @property
    def any(self) -> bool:
        """True where a password alone does not sign in. Recovery codes only stand in for one."""
        return self.app or self.passkeys > 0


def of(session: Session, user: User) -> Factors:
    """Return the second factors of `user` that are in force."""
    app = exists().where(
        col(TotpFactor.user_id) == user.id, col(TotpFactor.confirmed_at).is_not(None)
    )
    passkeys = select(func.count()).select_from(Passkey).where(col(Passkey.user_id) == user.id)
    codes = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(col(RecoveryCode.user_id) == user.id, col(RecoveryCode.used_at).is_(None))
    )
    found = session.execute(select(app, passkeys.scalar_subquery(), codes.scalar_subquery())).one()
    return Factors(*found)


def shortest_password(session: Session, user: User) -> int:
    """Return how long a new password of `user` has to be: shorter where it never stands alone."""
    if of(session, user).any:
        return limits.PASSWORD_MIN_WITH_SECOND_FACTOR
    return limits.PASSWORD_MIN


def remove_all(session: Session, user: User) -> None:
    """End every second factor of `user`, and what was begun with one."""
    totp.remove(session, user)
    for table in (Passkey, RecoveryCode, PendingSignIn):
        session.exec(delete(table).where(col(table.user_id) == user.id))
