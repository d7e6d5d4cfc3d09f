"""Each morning: tell of access that ends soon, and of access that has ended."""

from datetime import time

from portal.domain.sharing import endings, invitations
from portal.jobs.app import daily
from portal.kit.clock import utc_now
from portal.kit.db import transaction


@daily("sharing.tell", lambda: time(8, 0))
def tell() -> None:
    """Tell both sides, and forget old invitations. Access ends on time without this."""
    with transaction() as session:
        now = utc_now()
        endings.end_due(session, now)
        endings.tell_soon(session, now)
        invitations.forget_old(session, now)
