"""The providers that open a sign-in: listed, removed by their owner, ended by a new password."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, select

from portal.domain.audit import operations as audit
from portal.domain.identity import factors, provider_mails
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import demand_recent
from portal.gateways.providers import providers
from portal.kit.errors import DomainError, NotFound
from portal.kit.ids import parse_id
from portal.kit.text import N_
from portal.models.identity import User
from portal.models.social import ExternalIdentity


class LastWayIn(DomainError):
    """Without this provider nobody could sign in any more."""

    code = "last_way_in"


def available() -> bool:
    """True where the city has set up another provider."""
    return bool(providers())


def of(session: Session, actor: Actor) -> list[ExternalIdentity]:
    """Return the actor's connected providers, the oldest first."""
    return list(
        session.exec(
            select(ExternalIdentity)
            .where(ExternalIdentity.user_id == actor.user_id)
            .order_by(col(ExternalIdentity.created_at), col(ExternalIdentity.id))
        ).all()
    )


def remove(session: Session, actor: Actor, claim: object, now: datetime) -> None:
    """Untie a provider. Raises NotFound, FreshSignInNeeded, LastWayIn for the last way in."""
    demand_recent(actor, now)
    wanted: UUID | None = parse_id(claim)
    user = session.exec(select(User).where(User.id == actor.user_id).with_for_update()).one()
    mine = {one.id: one for one in of(session, actor)}
    if wanted is None or wanted not in mine:
        raise NotFound(N_("This connection is not there any more."))
    if not user.password_hash and len(mine) == 1 and not factors.of(session, user).passkeys:
        raise LastWayIn(
            N_("This is your only way to sign in. Choose a password first, then remove it.")
        )
    session.exec(delete(ExternalIdentity).where(col(ExternalIdentity.id) == wanted))
    audit.record(
        session,
        actor,
        "provider.disconnect",
        subject_user_id=user.id,
        provider=mine[wanted].provider,
    )
    provider_mails.disconnected(session, user, mine[wanted].provider)


def remove_all(session: Session, actor: Actor, user: User) -> None:
    """Untie every provider of a sign-in whose password is set anew by its mailbox."""
    for tie in session.exec(select(ExternalIdentity).where(ExternalIdentity.user_id == user.id)):
        audit.record(
            session,
            actor,
            "provider.disconnect",
            subject_user_id=user.id,
            provider=tie.provider,
        )
        session.delete(tie)
    session.flush()
