"""What identity no longer needs is deleted: counters, ended sessions, links long past."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete

from portal.domain.identity import throttles
from portal.models.factors import PasskeyChallenge, PendingSignIn
from portal.models.identity import MailToken, UserSession
from portal.models.settings import EmailChange, KnownBrowser
from portal.models.social import ProviderFlow

# Long enough for staff to answer "why did my link not work last week?".
KEPT = timedelta(days=30)
# They hold what a provider said of people who never came in.
FLOWS_KEPT = timedelta(days=1)
# A browser that was not seen for longer has lost its cookie too.
BROWSERS_KEPT = timedelta(days=400)


def tidy(session: Session, now: datetime) -> None:
    """Delete counters that no rule looks at, and what ended long ago: sessions, links, browsers."""
    throttles.forget_old(session, now)
    session.exec(delete(UserSession).where(col(UserSession.expires_at) < now - KEPT))
    session.exec(delete(KnownBrowser).where(col(KnownBrowser.last_seen_at) < now - BROWSERS_KEPT))
    session.exec(delete(EmailChange).where(col(EmailChange.expires_at) < now - KEPT))
    # What a second step was begun with is of no use once it is over.
    session.exec(delete(PasskeyChallenge).where(col(PasskeyChallenge.expires_at) < now))
    session.exec(delete(PendingSignIn).where(col(PendingSignIn.expires_at) < now))
    session.exec(delete(ProviderFlow).where(col(ProviderFlow.expires_at) < now - FLOWS_KEPT))
    session.exec(delete(MailToken).where(col(MailToken.expires_at) < now - KEPT))
