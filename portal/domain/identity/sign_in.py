"""Signing in: count, then hash, then conclude.

Three steps because each wants something else: `admit` is one short transaction that counts the
attempt for everyone to see, the hash costs 56 ms and must hold no transaction, `conclude` is a
second transaction. A wrong password is a value and not an exception: an exception would roll
back what was counted.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factors,
    limits,
    mails,
    pending,
    sessions,
    sign_up,
    throttles,
    totp,
    user_ids,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import email_key, ip_key, parse_email
from portal.domain.identity.states import UserStatus
from portal.kit.ids import UserId
from portal.models.identity import User

PER_USER = throttles.LockRule(limits.WRONG_PASSWORDS, limits.LOCK_LONGEST)
PER_IP = throttles.LockRule(limits.WRONG_PASSWORDS, limits.LOCK_FIRST)


class Outcome(StrEnum):
    """What became of an attempt; the first three read the same for known and unknown."""

    WRONG = "wrong"
    LOCKED = "locked"
    UNVERIFIED = "unverified"  # said only to one who knows the password
    SECOND_STEP = "second_step"  # as well: the second factor is still owed
    OVER = "over"  # the second step ended: the password is asked again
    SIGNED_IN = "signed_in"


@dataclass(frozen=True)
class Admission:
    """An attempt that was counted. `password_hash` is empty for an unknown address."""

    email: str
    password_hash: str
    user_id: UserId | None
    ip: str
    staff: bool
    locked_until: datetime | None
    sets_lock: bool

    @property
    def admitted(self) -> bool:
        """True when the password may be looked at."""
        return self.locked_until is None


@dataclass(frozen=True)
class Result:
    """The end of an attempt; `secret` is for a cookie and nothing else.

    It is a session's, or at SECOND_STEP the secret of the step that is still to be taken.
    """

    outcome: Outcome
    secret: str = ""
    minutes: int = 0
    remembered: bool = False


def user_bucket(email: str) -> str:
    """Return the bucket of wrong passwords for an address, known or unknown."""
    return f"password:user:{email_key(email)}"


def ip_bucket(ip: str) -> str:
    """Return the bucket of wrong passwords from a network."""
    return f"password:ip:{ip_key(ip)}"


def _pair_bucket(ip: str, email: str) -> str:
    return f"password:pair:{ip_key(ip)}:{email_key(email)}"


def minutes_left(until: datetime, now: datetime) -> int:
    """Return the minutes to wait, rounded up, at least one."""
    return max(1, -(-int((until - now).total_seconds()) // 60))


def admit(
    session: Session, typed_email: str, ip: str, now: datetime, *, staff: bool = False
) -> Admission:
    """Count an attempt and say what to hash against. Commit it before hashing.

    `typed_email` may be the User ID as well.

    Wrong passwords lock the address, and a network that misses at many addresses. For the
    network, attempts at one address count once: five tries at one's own password lock that
    address and not the rest of the household, library or office.
    """
    parsed = parse_email(typed_email)
    # One question for either, asked before anything is counted: both names of a sign-in count
    # for it, and so neither gives a guesser five more tries.
    user = sign_up.find(session, parsed) if parsed else user_ids.find(session, typed_email)
    email = user.email if user is not None else parsed or typed_email[: limits.EMAIL_MAX]
    network, until = ip_bucket(ip), None
    if throttles.take(session, _pair_bucket(ip, email), 1, PER_IP.window, now):
        by_network = throttles.attempt(session, network, PER_IP, now)
        until = by_network.locked_until if by_network.refused else None
    else:
        until = throttles.locked_until(session, network, now)
    by_user = throttles.attempt(session, user_bucket(email), PER_USER, now)
    if by_user.refused and by_user.locked_until is not None:
        until = max(until or by_user.locked_until, by_user.locked_until)
    # Staff and residents have different doors; at the other's door one is unknown.
    usable = (
        user is not None
        and user.status != UserStatus.CLOSED
        and (user.role in sessions.STAFF_ROLES) == staff
    )
    return Admission(
        email=email,
        password_hash=user.password_hash if usable and user is not None else "",
        user_id=UserId(user.id) if usable and user is not None else None,
        ip=ip,
        staff=staff,
        locked_until=until,
        sets_lock=by_user.sets_lock,
    )


def conclude(
    session: Session,
    admission: Admission,
    correct: bool,
    now: datetime,
    *,
    remember: bool = False,
    user_agent: str = "",
    code: str = "",
) -> Result:
    """Sign in, or say why not. `correct`: the password matched; `code`: the staff's six digits."""
    if admission.locked_until is not None:
        return Result(Outcome.LOCKED, minutes=minutes_left(admission.locked_until, now))
    user = session.get(User, admission.user_id) if admission.user_id is not None else None
    actor = as_user(user, admission.ip)
    if user is None or not correct or (admission.staff and not totp.use(session, user, code, now)):
        return wrong(session, actor, user, admission, now)
    uncount(session, admission)
    if user.status == UserStatus.UNVERIFIED:
        sign_up.resend(session, actor, user.email, now)
        return Result(Outcome.UNVERIFIED)
    if admission.staff:
        # Their door asked for both factors at once.
        return enter(
            session,
            user,
            remember=False,
            ip=admission.ip,
            user_agent=user_agent,
            now=now,
            second_factor=True,
        )
    return proceed(
        session, user, remember=remember, ip=admission.ip, user_agent=user_agent, now=now
    )


def proceed(
    session: Session, user: User, *, remember: bool, ip: str, user_agent: str, now: datetime
) -> Result:
    """Go on after the first factor was proven (a password, another provider's sign-in).

    Signs an active resident in, or leads one with a second factor to the second step.
    """
    if not factors.of(session, user).any:
        return enter(session, user, remember=remember, ip=ip, user_agent=user_agent, now=now)
    audit.record(session, as_user(user, ip), "session.first_factor", subject_user_id=user.id)
    return Result(Outcome.SECOND_STEP, pending.begin(session, user, remember, now))


def enter(
    session: Session,
    user: User,
    *,
    remember: bool,
    ip: str,
    user_agent: str,
    now: datetime,
    second_factor: bool = False,
) -> Result:
    """Open a session for one who has proven all that is asked of them."""
    audit.record(
        session,
        as_user(user, ip),
        "session.sign_in",
        subject_user_id=user.id,
        remember=remember,
        browser=user_agent[:300],
    )
    secret = sessions.create(
        session, user, remember, ip, user_agent, now, second_factor=second_factor
    )
    return Result(Outcome.SIGNED_IN, secret, remembered=remember)


def uncount(session: Session, admission: Admission) -> None:
    """Forget the wrong passwords of one who typed the right one."""
    throttles.clear(session, user_bucket(admission.email))
    # Several tries at one address counted once for the network: so one of them gives it back.
    if throttles.clear(session, _pair_bucket(admission.ip, admission.email)):
        throttles.give_back(session, ip_bucket(admission.ip), PER_IP)


def sign_out(session: Session, actor: Actor, now: datetime) -> None:
    """End the actor's session."""
    if actor.user_id is None:
        return
    sessions.revoke(session, actor.session_hash, now)
    audit.record(session, actor, "session.sign_out", subject_user_id=actor.user_id)


def as_user(user: User | None, ip: str) -> Actor:
    """Return who tries to sign in, as the actor of what is noted of it."""
    if user is None:
        return Actor(ip=ip)
    return Actor(user_id=UserId(user.id), role=user.role, ip=ip)


def wrong(
    session: Session, actor: Actor, user: User | None, admission: Admission, now: datetime
) -> Result:
    """Note a wrong password, and tell the owner by mail where it sets the lock."""
    # The act is a stranger's until proven otherwise: the user is its subject, not its actor.
    stranger = Actor(ip=actor.ip)
    audit.record(
        session,
        stranger,
        "session.locked" if admission.sets_lock else "session.wrong_password",
        subject_user_id=user.id if user is not None else None,
    )
    if user is not None:
        user.last_failed_sign_in_at = now
        session.flush()
        if admission.sets_lock and user.status == UserStatus.ACTIVE and not admission.staff:
            mails.locked(session, user)
    return Result(Outcome.WRONG)
