"""Links of the portal before this one: made when an address is proven, looked for each night."""

from datetime import time
from uuid import UUID

from portal.domain.prelinks import operations
from portal.jobs.app import daily, task
from portal.kit.clock import utc_now
from portal.kit.db import transaction


@task("prelinks.settle")
def settle(user_id: str) -> None:
    """Link what was prepared for one who has just proven the address."""
    with transaction() as session:
        operations.settle(session, utc_now(), user_id=UUID(user_id))


@daily("prelinks.sweep", lambda: time(3, 40))
def sweep() -> None:
    """Link what waits for residents who have proven its address since, by another way."""
    with transaction() as session:
        operations.settle(session, utc_now())
