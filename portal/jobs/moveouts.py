"""Each night: the stop dates that lay in the future when they were imported."""

from datetime import time

from portal.cities import city
from portal.domain.moveouts import operations
from portal.jobs.app import daily
from portal.kit.clock import utc_now
from portal.kit.db import transaction


@daily("moveouts.settle", lambda: time(0, 5))
def settle() -> None:
    """End what hangs on a customer's time that ended with yesterday."""
    with transaction() as session:
        operations.settle(session, city().zone, utc_now())
