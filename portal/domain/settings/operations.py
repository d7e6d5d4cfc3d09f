"""What residents do in Account Settings without a secret: language, browsers."""

from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import mails, sessions
from portal.domain.identity.actor import Actor
from portal.domain.settings.proof import owner
from portal.domain.settings.queries import handle, live
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.kit.ids import UserId
from portal.kit.text import LANGUAGES, N_
from portal.models.identity import User


def choose_language(session: Session, actor: Actor, code: str) -> None:
    """Write the actor's mails in this language from now on."""
    if code not in LANGUAGES:
        raise DomainError(N_("Choose a language."), field="language")
    user = owner(session, actor)
    if user.language != code:
        user.language = code
        audit.record(session, actor, "user.language", subject_user_id=user.id, language=code)


def end_browser(session: Session, actor: Actor, claim: str, now: datetime) -> None:
    """Sign another of the actor's browsers out. Raises NotFound, for this one too."""
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to do this."))
    for row in live(session, actor, now):
        if handle(row.id_hash) == claim and row.id_hash != actor.session_hash:
            sessions.revoke(session, row.id_hash, now)
            audit.record(session, actor, "session.end_other", subject_user_id=actor.user_id)
            return
    raise NotFound(N_("That browser is signed out already."))


def sign_out_everywhere(session: Session, actor: Actor, now: datetime) -> None:
    """End every session of the actor, this one too. Nothing happens where nobody is signed in."""
    if actor.user_id is None:
        return
    sessions.revoke_all(session, UserId(actor.user_id), now)
    audit.record(session, actor, "session.sign_out_everywhere", subject_user_id=actor.user_id)
    if actor.is_resident:
        mails.signed_out_everywhere(session, session.get_one(User, actor.user_id))
