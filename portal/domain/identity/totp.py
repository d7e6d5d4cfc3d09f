"""Six digits from an authenticator app (RFC 6238): the seed sealed, each code good once."""

import io
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from cryptography.fernet import InvalidToken
from sqlmodel import Session, col, delete, select, update

from portal import secret
from portal.cities import city
from portal.models.factors import TotpFactor
from portal.models.identity import User

_STEP = 30  # seconds
_DRIFT = (0, -1, 1)  # steps a clock may be off


def seal(seed: str) -> bytes:
    """Encrypt a seed with a key derived from the portal's secret."""
    return secret.box("totp seed").encrypt(seed.encode())


def unseal(sealed: bytes) -> str | None:
    """Return the seed, or None where the key has changed since."""
    try:
        return secret.box("totp seed").decrypt(sealed).decode()
    except InvalidToken:
        return None


def begin(session: Session, user: User) -> str:
    """Return a new seed (base32) for `user`, stored sealed; it waits for its first code.

    One that waited before is forgotten; one in force stays until the new one is confirmed.
    """
    # Two pages that begin at once wait for each other here.
    session.exec(select(User.id).where(User.id == user.id).with_for_update())
    forget_waiting(session, user)
    seed = pyotp.random_base32()
    session.add(TotpFactor(user_id=user.id, seed_encrypted=seal(seed)))
    session.flush()
    return seed


def waiting_seed(session: Session, user: User) -> str | None:
    """Return a seed that was shown and not yet confirmed, or None."""
    sealed = session.exec(
        select(TotpFactor.seed_encrypted).where(
            TotpFactor.user_id == user.id, col(TotpFactor.confirmed_at).is_(None)
        )
    ).one_or_none()
    return unseal(sealed) if sealed is not None else None


def confirmed_at(session: Session, user: User) -> datetime | None:
    """Return since when an authenticator app is in force, or None."""
    return session.exec(
        select(TotpFactor.confirmed_at).where(
            TotpFactor.user_id == user.id, col(TotpFactor.confirmed_at).is_not(None)
        )
    ).one_or_none()


def forget_waiting(session: Session, user: User) -> None:
    """Drop a seed that was shown and never confirmed: an older page may have shown it."""
    session.exec(
        delete(TotpFactor).where(
            col(TotpFactor.user_id) == user.id, col(TotpFactor.confirmed_at).is_(None)
        )
    )


def remove(session: Session, user: User) -> bool:
    """End the authenticator app, in force or waiting; return whether one was in force."""
    had = confirmed_at(session, user) is not None
    session.exec(delete(TotpFactor).where(col(TotpFactor.user_id) == user.id))
    return had


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, or None."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    here, totp = int(now.timestamp()) // _STEP, pyotp.TOTP(seed)
    for drift in _DRIFT:
        if pyotp.utils.strings_equal(totp.at((here + drift) * _STEP), digits):
            return here + drift
    return None


def use(session: Session, user: User, code: str, now: datetime) -> bool:
    """True when `code` is right and was not used before; it is used now."""
    return _use(session, user, code, now, confirming=False)


def confirm(session: Session, user: User, code: str, now: datetime) -> bool:
    """Put the waiting seed in force by its first code, in the place of an earlier one."""
    if not _use(session, user, code, now, confirming=True):
        return False
    session.exec(
        delete(TotpFactor).where(
            col(TotpFactor.user_id) == user.id, col(TotpFactor.confirmed_at).is_not(None)
        )
    )
    session.exec(
        update(TotpFactor)
        .where(col(TotpFactor.user_id) == user.id)
        .values(confirmed_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


def _use(session: Session, user: User, code: str, now: datetime, *, confirming: bool) -> bool:
    waiting = col(TotpFactor.confirmed_at).is_(None)
    wanted = waiting if confirming else ~waiting
    sealed = session.exec(
        select(TotpFactor.seed_encrypted).where(TotpFactor.user_id == user.id, wanted)
    ).one_or_none()
    seed = unseal(sealed) if sealed is not None else None
    step = step_of(seed, code, now) if seed else None
    if step is None:
        return False
    # The condition makes a code good once for two simultaneous uses as well.
    used = session.exec(
        update(TotpFactor)
        .where(
            col(TotpFactor.user_id) == user.id,
            col(TotpFactor.seed_encrypted) == sealed,
            col(TotpFactor.last_step) < step,
            wanted,
        )
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1


@dataclass(frozen=True)
class AppKey:
    """What is shown of a new seed: to its owner alone, and kept nowhere."""

    email: str
    seed: str
    qr_svg: str

    @property
    def seed_in_groups(self) -> str:
        """Return the seed as people read it: groups of four."""
        return " ".join(self.seed[i : i + 4] for i in range(0, len(self.seed), 4))


def app_key(user: User, seed: str) -> AppKey:
    """Return a new seed as its owner is shown it."""
    issuer = f"{city().full_name} {city().portal.name.en}"
    return AppKey(user.email, seed, qr_svg(uri(seed, user.email, issuer)))


def uri(seed: str, email: str, issuer: str) -> str:
    """Return the otpauth:// address that an authenticator app reads."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=issuer)


def qr_svg(address: str) -> str:
    """Return the QR of an otpauth address as an inline SVG, dark on white in either theme."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=5, border=4, light="#ffffff", xmldecl=False, svgns=False
    )
    return out.getvalue().decode()
