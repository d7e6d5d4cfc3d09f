"""What identity no longer needs is deleted: counters, ended sessions, links long past."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete

from portal.domain.identity import throttles
from portal.models.identity import MailToken, UserSession

# Long enough for staff to answer "why did my link not work last week?".
KEPT = timedelta(days=30)


def tidy(session: Session, now: datetime) -> None:
    """Delete counters that no rule looks at, and sessions and links that ended a month ago."""
    throttles.forget_old(session, now)
    session.exec(delete(UserSession).where(col(UserSession.expires_at) < now - KEPT))
    session.exec(delete(MailToken).where(col(MailToken.expires_at) < now - KEPT))
