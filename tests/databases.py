"""Databases for tests: one server a checkout, one template a schema, cheap copies."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from portal import database
from portal.kit import postgres

ROOT = Path(__file__).parent.parent
_numbers = count(1)


@cache
def server() -> postgres.Server:
    """Return the test server, shared by all workers and runs of this checkout."""
    started = postgres.start(ROOT / "var" / "test-postgres", durable=False)
    with _admin(started) as connection:
        _drop_left_over(connection)
    return started


@contextmanager
def _admin(of: postgres.Server) -> Iterator[Connection]:
    engine = create_engine(of.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _drop_left_over(connection: Connection) -> None:
    """Drop the databases of test processes that were killed."""
    names = connection.scalars(
        text("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'")
    ).all()
    for name in names:
        try:
            os.kill(int(name.split("_")[1]), 0)
        except ProcessLookupError:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        except PermissionError:
            pass


@cache
def template() -> str:
    """Return the name of a database with the schema of the models as they are now."""
    mark = hashlib.sha256(metadata.version("procrastinate").encode())
    for folder in (ROOT / "portal" / "models", database.SQL):
        for path in sorted((*folder.glob("*.py"), *folder.glob("*.sql"))):
            mark.update(path.name.encode() + path.read_bytes())
    mark.update(Path(database.__file__).read_bytes())
    name = "template_" + mark.hexdigest()[:16]
    with _admin(server()) as connection:
        connection.execute(text("SELECT pg_advisory_lock(8)"))
        if name not in connection.scalars(text("SELECT datname FROM pg_database")).all():
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}_new"'))
            connection.execute(text(f'CREATE DATABASE "{name}_new"'))
            making = create_engine(server().url(name + "_new"), poolclass=NullPool)
            with making.begin() as inside:
                database.create_schema(inside)
            connection.execute(text(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"'))
    return name


@contextmanager
def fresh_url(*, empty: bool = False) -> Iterator[str]:
    """Yield the URL of a database of one's own (`empty`: without tables); dropped at the end."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    source = "template0" if empty else template()
    with _admin(server()) as connection:
        # One copy of a template at a time: PostgreSQL refuses a template that is being read.
        connection.execute(text("SELECT pg_advisory_lock(9)"))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY'))
    try:
        yield server().url(name)
    finally:
        with _admin(server()) as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@contextmanager
def fresh() -> Iterator[Engine]:
    """Yield an engine on a database of one's own with every table, dropped at the end."""
    with fresh_url() as url:
        engine = create_engine(
            url, pool_size=20, max_overflow=20, connect_args={"options": "-c timezone=utc"}
        )
        try:
            yield engine
        finally:
            engine.dispose()
