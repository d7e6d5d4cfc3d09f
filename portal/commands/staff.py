"""`staff add`: who may sign in under /admin."""

from typing import Annotated

import typer

from portal.domain.identity import staff
from portal.kit.clock import utc_now
from portal.kit.db import transaction


def add(
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    role: Annotated[str, typer.Option(help="viewer or administrator.")],
) -> None:
    """Add a member of staff, or change one's role, and print the enrolment link."""
    with transaction() as session:
        link = staff.add(session, email, role, utc_now())
    print("Open this link within a day to choose a password and enrol an authenticator app:")
    print(link)
