"""What every command shares: settings checked, the database opened, one clear line on failure."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from sqlalchemy import Engine

from portal.config import problems, settings


def fail(reason: str) -> NoReturn:
    """Say why on standard error and exit with 1."""
    print(reason, file=sys.stderr)
    raise typer.Exit(1)


def check_settings(*, serving: bool = False) -> None:
    """Exit with 1, naming every fault, where the settings or the city's file cannot work."""
    from portal.cities import city

    found = problems(settings(), serving=serving)
    if found:
        fail("\n".join(found))
    city()  # before a database is made for a town that nobody knows: raises CityError


@contextmanager
def opened(*, current: bool = True) -> Iterator[Engine]:
    """Connect to the database (starting our own where none is named) and leave it at the end.

    `current`: exit with 1 where its schema is not this code's.
    """
    from portal import database, migrations

    check_settings()
    engine = database.connect()
    try:
        if current:
            with engine.connect() as connection:
                found = migrations.revision_of(connection)
            if found != migrations.head():
                fail("The database's tables are not this version's. Run: python -m portal migrate")
        yield engine
    finally:
        database.close()
