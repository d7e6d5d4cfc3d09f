"""What a signed-in person's own header says of them."""

from sqlmodel import Session

from portal.domain.identity.actor import Actor
from portal.models.identity import User


def first_name(session: Session, actor: Actor) -> str:
    """Return the actor's first name, or what stands before the @ of their e-mail."""
    user = session.get(User, actor.user_id) if actor.user_id else None
    if user is None:
        return ""
    return user.first_name or user.email.split("@")[0]
