"""Each night: delete what identity no longer needs."""

from datetime import time

from portal.domain.identity import housekeeping
from portal.jobs.app import daily
from portal.kit.clock import utc_now
from portal.kit.db import transaction


@daily("identity.tidy", lambda: time(3, 30))
def tidy() -> None:
    """Delete old counters, sessions and links."""
    with transaction() as session:
        housekeeping.tidy(session, utc_now())
