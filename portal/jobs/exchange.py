"""The exchange's sweep: once a day, what the billing system has not booked."""

from datetime import time

from portal.domain.exchange.sweeps import note_unbooked
from portal.jobs.app import daily
from portal.kit.clock import utc_now
from portal.kit.db import transaction


@daily("exchange.unbooked", lambda: time(7))
def look_for_unbooked() -> None:
    """Tell the staff of payments that were posted and never booked."""
    with transaction() as session:
        note_unbooked(session, now=utc_now())
