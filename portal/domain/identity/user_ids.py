"""The User ID that a resident may choose, to sign in with instead of the e-mail address.

It has no @, so that it is nobody's address, and no word that would let it pass for the city's.
Whether one is taken is told only to a resident who is signed in, and each question counts.
"""

import re
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, func, select

from portal.cities import city
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, mails, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import demand_fresh
from portal.kit.errors import DomainError, NotAllowed
from portal.kit.text import N_
from portal.models.identity import User

_SHAPE = re.compile(rf"[A-Za-z0-9._-]{{1,{limits.USER_ID_MAX}}}")
_DAY = timedelta(days=1)
_RESERVED = frozenset((
    "abuse", "admin", "administrator", "api", "billing", "cityhall", "clerk", "customerservice",
    "finance", "help", "helpdesk", "hostmaster", "info", "mail", "mayor", "moderator", "noreply",
    "office", "official", "operator", "payments", "portal", "postmaster", "root", "security",
    "service", "staff", "support", "sysadmin", "system", "treasurer", "utilities", "utility",
    "viewer", "water", "webmaster",
))  # fmt: skip
_FIELD = "user_id"


class BadUserId(DomainError):
    """This User ID cannot be had."""

    code = "bad_user_id"


def find(session: Session, typed: str) -> User | None:
    """Return the sign-in with this User ID, in any case of letters."""
    name = typed.strip().lower()
    # For what cannot be one something is looked for as well: the answer to it takes no less.
    wanted = name if _SHAPE.fullmatch(name) else "@"
    return session.exec(select(User).where(func.lower(User.username) == wanted)).one_or_none()


def check(typed: str) -> str:
    """Return a User ID as it will be kept. Raises BadUserId."""
    name = typed.strip()
    if not _SHAPE.fullmatch(name):
        raise BadUserId(
            N_("Use 1 to %(n)s letters, digits, periods, underscores or hyphens."),
            field=_FIELD,
            n=limits.USER_ID_MAX,
        )
    bare = re.sub(r"[^a-z]", "", name.lower())
    town = {re.sub(r"[^a-z]", "", words.lower()) for words in (city().name, city().full_name)}
    if bare in _RESERVED | town or bare.startswith(("admin", "staff")):
        raise BadUserId(
            N_("This User ID could be mistaken for the city's. Choose another."), field=_FIELD
        )
    return name


def choose(session: Session, actor: Actor, typed: str, now: datetime) -> DomainError | None:
    """Give the actor this User ID, or take theirs away where nothing is typed.

    Returns the refusal that was counted: raising it would roll the count back. Raises NotAllowed,
    FreshSignInNeeded and BadUserId for what costs no look.
    """
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to do this."))
    demand_fresh(actor, now)
    name = check(typed) if typed.strip() else ""
    user = session.get_one(User, actor.user_id, with_for_update=True)
    if name == user.username:
        return None
    bucket = f"user-id:{actor.user_id}"
    if not throttles.take(session, bucket, limits.USER_IDS_A_DAY, _DAY, now):
        return BadUserId(N_("You tried many User IDs today. Try again tomorrow."), field=_FIELD)
    try:
        with session.begin_nested():
            user.username = name
    except IntegrityError:
        session.refresh(user)
        return BadUserId(N_("This User ID is taken. Choose another."), field=_FIELD)
    audit.record(session, actor, "user.user_id", subject_user_id=user.id, removed=not name)
    mails.user_id_changed(session, user)
    return None
