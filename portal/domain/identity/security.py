"""Sign-in and security: what a resident or a member of staff does with their own second factors."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import factor_mails, factors, limits, passkeys, recovery_codes, totp
from portal.domain.identity.actor import Actor
from portal.domain.identity.passwords import normal
from portal.domain.identity.sessions import STAFF_ROLES, demand_recent
from portal.kit.errors import DomainError, NotFound
from portal.kit.ids import parse_id
from portal.kit.text import N_, _, speaking
from portal.models.factors import Passkey
from portal.models.identity import User

_MISSING = N_("We could not find that passkey. It may have been removed already.")


class LastFactor(DomainError):
    """Without it the sign-in would be weaker than is allowed."""

    code = "last_factor"


@dataclass(frozen=True)
class PasskeyRow:
    """One passkey, as its owner knows it."""

    id: UUID
    name: str
    created_at: datetime | None
    last_used_at: datetime | None
    synced: bool


@dataclass(frozen=True)
class Overview:
    """How a sign-in is protected."""

    app_since: datetime | None
    passkeys: tuple[PasskeyRow, ...]
    codes: int
    staff: bool
    has_password: bool

    @property
    def any(self) -> bool:
        """True where a second factor is in force."""
        return self.app_since is not None or bool(self.passkeys)

    @property
    def one(self) -> bool:
        """True where removing one leaves none."""
        return len(self.passkeys) + (self.app_since is not None) == 1


def _owner(session: Session, actor: Actor) -> User:
    """Return the actor's own row. Raises NotFound for anonymous."""
    user = session.get(User, actor.user_id) if actor.user_id is not None else None
    if user is None:
        raise NotFound(N_("Sign in first."))
    return user


def _changing(session: Session, actor: Actor, now: datetime) -> User:
    """Return the actor's own row, held until the change is done. Raises FreshSignInNeeded."""
    demand_recent(actor, now)
    user = _owner(session, actor)
    session.refresh(user, with_for_update=True)
    return user


def overview(session: Session, actor: Actor) -> Overview:
    """Return how the actor's sign-in is protected."""
    user = _owner(session, actor)
    rows = tuple(
        PasskeyRow(row.id, row.name, row.created_at, row.last_used_at, row.backed_up)
        for row in passkeys.of(session, user)
    )
    return Overview(
        app_since=totp.confirmed_at(session, user),
        passkeys=rows,
        codes=factors.of(session, user).codes,
        staff=user.role in STAFF_ROLES,
        has_password=bool(user.password_hash),
    )


def passkey(session: Session, actor: Actor, claim: object) -> PasskeyRow:
    """Return one of the actor's own passkeys. Raises NotFound."""
    row = _passkey(session, _owner(session, actor), claim)
    return PasskeyRow(row.id, row.name, row.created_at, row.last_used_at, row.backed_up)


def _passkey(session: Session, user: User, claim: object) -> Passkey:
    found = parse_id(claim)
    row = session.get(Passkey, found) if found is not None else None
    if row is None or row.user_id != user.id:
        raise NotFound(_MISSING)
    return row


def begin_app(session: Session, actor: Actor, now: datetime) -> totp.AppKey:
    """Show a new key for an authenticator app; one in force stays until this one is confirmed."""
    user = _changing(session, actor, now)
    return totp.app_key(user, totp.begin(session, user))


def waiting_app(session: Session, actor: Actor, now: datetime) -> totp.AppKey | None:
    """Show the key that waits for its first code once more, or None."""
    user = _changing(session, actor, now)
    seed = totp.waiting_seed(session, user)
    return totp.app_key(user, seed) if seed is not None else None


def confirm_app(session: Session, actor: Actor, code: str, now: datetime) -> bool:
    """Put the authenticator app in force by its first code; False for a wrong one."""
    user = _changing(session, actor, now)
    if not totp.confirm(session, user, code, now):
        return False
    audit.record(session, actor, "app.add", subject_user_id=user.id)
    factor_mails.app_added(session, user)
    return True


def remove_app(session: Session, actor: Actor, now: datetime, password: str = "") -> None:
    """End the authenticator app. `password`: the one just proven, where none stays beside it.

    Raises LastFactor.
    """
    user = _changing(session, actor, now)
    _may_go(session, user, password)
    if totp.remove(session, user):
        audit.record(session, actor, "app.remove", subject_user_id=user.id)
        factor_mails.app_removed(session, user)
        _after(session, user)


def options(session: Session, actor: Actor, now: datetime) -> str:
    """Return, as JSON, what a device is asked to make a passkey of."""
    return passkeys.options_to_register(session, _changing(session, actor, now), now)


def challenge(session: Session, actor: Actor, answer: str, now: datetime) -> bytes:
    """Use up the challenge that a new passkey's answer names. Commit it before adding."""
    return passkeys.challenge_to_register(session, _changing(session, actor, now), answer, now)


def add_passkey(
    session: Session, actor: Actor, name: str, answer: str, challenge: bytes, now: datetime
) -> None:
    """Keep the passkey that a device has made. Raises BadPasskey."""
    user = _changing(session, actor, now)
    row = passkeys.add(session, user, _name(user, name), answer, challenge, now)
    audit.record(session, actor, "passkey.add", subject_user_id=user.id)
    factor_mails.passkey_added(session, user, row.name)


def rename_passkey(session: Session, actor: Actor, claim: object, name: str, now: datetime) -> None:
    """Give one of the actor's own passkeys another name."""
    user = _changing(session, actor, now)
    row = _passkey(session, user, claim)
    row.name = _name(user, name)
    session.flush()
    audit.record(session, actor, "passkey.rename", subject_user_id=user.id)


def remove_passkey(
    session: Session, actor: Actor, claim: object, now: datetime, password: str = ""
) -> None:
    """End one of the actor's own passkeys. `password`: as for `remove_app`. Raises LastFactor."""
    user = _changing(session, actor, now)
    row = _passkey(session, user, claim)
    _may_go(session, user, password)
    session.delete(row)
    session.flush()
    audit.record(session, actor, "passkey.remove", subject_user_id=user.id)
    factor_mails.passkey_removed(session, user, row.name)
    _after(session, user)


def make_codes(session: Session, actor: Actor, now: datetime) -> list[str]:
    """Return ten new recovery codes; earlier ones end. Raises DomainError without a factor."""
    user = _changing(session, actor, now)
    if not factors.of(session, user).any:
        raise DomainError(N_("Recovery codes stand in for a second factor. Set one up first."))
    codes = recovery_codes.make(session, user, now)
    audit.record(session, actor, "recovery_code.make", subject_user_id=user.id)
    factor_mails.recovery_codes_made(session, user)
    return codes


def _may_go(session: Session, user: User, password: str) -> None:
    """Refuse to leave staff without a factor, and a short password alone. Raises LastFactor."""
    found = factors.of(session, user)
    if found.passkeys + found.app > 1:
        return
    if user.role in STAFF_ROLES:
        raise LastFactor(
            N_("Staff always sign in with a second factor. Set up another one before this goes.")
        )
    if user.password_hash and len(normal(password)) < limits.PASSWORD_MIN:
        raise LastFactor(
            N_(
                "Alone your password is too short. Choose one of at least %(n)s characters, then"
                " remove this."
            ),
            field="current",
            n=limits.PASSWORD_MIN,
        )


def _after(session: Session, user: User) -> None:
    # Recovery codes stand in for a factor: with the last of them they end.
    if not factors.of(session, user).any:
        factors.remove_all(session, user)


def _name(user: User, typed: str) -> str:
    name = " ".join("".join(c if c.isprintable() else " " for c in typed).split())
    if len(name) > limits.PASSKEY_NAME_MAX:
        raise DomainError(N_("Use at most %(n)s letters."), field="name", n=limits.PASSKEY_NAME_MAX)
    with speaking(user.language):
        return name or _("Passkey")
