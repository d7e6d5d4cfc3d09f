"""Six digits from an authenticator app (RFC 6238): the seed sealed, each code good once."""

import base64
import io
from datetime import datetime
from functools import cache

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, update

from portal import secret
from portal.models.identity import StaffFactor, User

_STEP = 30  # seconds
_DRIFT = (0, -1, 1)  # steps a clock may be off


@cache
def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(secret.seal("totp seed", "")))


def seal(seed: str) -> bytes:
    """Encrypt a seed with a key derived from the portal's secret."""
    return _box().encrypt(seed.encode())


def unseal(sealed: bytes) -> str | None:
    """Return the seed, or None where the key has changed since."""
    try:
        return _box().decrypt(sealed).decode()
    except InvalidToken:
        return None


def begin(session: Session, user: User) -> str:
    """Return a new seed (base32) for `user`, stored sealed and not yet confirmed."""
    seed = pyotp.random_base32()
    fresh = {"seed_encrypted": seal(seed), "last_step": 0, "confirmed_at": None}
    session.execute(
        insert(StaffFactor)
        .values(user_id=user.id, **fresh)
        .on_conflict_do_update(index_elements=["user_id"], set_=fresh)
    )
    return seed


def seed_of(session: Session, user: User) -> str | None:
    """Return the user's seed, or None where there is none that this key opens."""
    factor = session.get(StaffFactor, user.id, populate_existing=True)
    return unseal(factor.seed_encrypted) if factor is not None else None


def waiting_seed(session: Session, user: User) -> str | None:
    """Return a seed that was shown and not yet confirmed, or None."""
    factor = session.get(StaffFactor, user.id, populate_existing=True)
    if factor is None or factor.confirmed_at is not None:
        return None
    return unseal(factor.seed_encrypted)


def forget_waiting(session: Session, user: User) -> None:
    """Drop a seed that was shown and never confirmed: an older link may have shown it."""
    session.exec(
        delete(StaffFactor).where(
            col(StaffFactor.user_id) == user.id, col(StaffFactor.confirmed_at).is_(None)
        )
    )


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


def use(
    session: Session, user: User, code: str, now: datetime, *, confirming: bool = False
) -> bool:
    """True when `code` is right and was not used before; it is used now.

    The update's condition makes that hold for two simultaneous uses as well.
    """
    seed = seed_of(session, user)
    step = step_of(seed, code, now) if seed else None
    if step is None:
        return False
    waiting = col(StaffFactor.confirmed_at)
    used = session.exec(
        update(StaffFactor)
        .where(
            col(StaffFactor.user_id) == user.id,
            col(StaffFactor.last_step) < step,
            waiting.is_(None) if confirming else waiting.is_not(None),
        )
        .values({"last_step": step, **({"confirmed_at": now} if confirming else {})})
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1


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
