"""The high-usage alert, at the city's time of day (11:00)."""

import logging

from portal.cities import city
from portal.domain.alerts import operations
from portal.jobs.app import daily
from portal.kit.clock import utc_now
from portal.kit.db import transaction

log = logging.getLogger(__name__)


@daily("alerts.send", lambda: city().usage.alerts_at)
def send_alerts() -> None:
    """Tell each notification of its days over the threshold, one transaction each."""
    with transaction() as session:
        due = operations.due(session)
    failed = 0
    for notification_id in due:
        try:
            with transaction() as session:
                operations.alert(session, notification_id, zone=city().zone, now=utc_now())
        except Exception:
            # One that fails must not silence the rest; the run is tried again and tells it then.
            failed += 1
            log.exception("alert of notification %s failed", notification_id)
    if failed:
        raise RuntimeError(f"{failed} of {len(due)} alerts failed")
