"""Databases for tests: one server a checkout, one template a schema, cheap copies."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

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


def _engine(url: str) -> Engine:
    return create_engine(
        url, pool_size=20, max_overflow=20, connect_args={"options": "-c timezone=utc"}
    )


@contextmanager
def fresh() -> Iterator[Engine]:
    """Yield an engine on a database of one's own with every table, dropped at the end."""
    with fresh_url() as url:
        engine = _engine(url)
        try:
            yield engine
        finally:
            engine.dispose()


# What a test may change besides rows: then only a new database is as new.
_SHAPE = text(
    """
    WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    said (line) AS (
      SELECT concat('c', oid, relname) FROM ours
      UNION ALL SELECT concat('a', attrelid, attnum, attname, atttypid, attnotnull)
        FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT oid FROM ours)
      UNION ALL SELECT concat('t', oid, tgenabled) FROM pg_trigger
      UNION ALL SELECT concat('k', oid) FROM pg_constraint
      UNION ALL SELECT concat('p', oid, md5(prosrc)) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT concat('n', oid) FROM pg_namespace WHERE nspname !~ '^pg_')
    SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM said
    """
)
_SIZE = text(
    "SELECT sum(pg_relation_size(oid)) FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)
_LARGEST = 4_000_000


class Kept:
    """One database that each test finds as new: its rows go, which is faster than a copy.

    A test that changed more than rows, or wrote many, costs a new one.
    """

    def __init__(self) -> None:
        self._made = ExitStack()
        self._url = ""

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Yield an engine on the database, for one test at a time."""
        if not self._url:
            self._url = self._made.enter_context(fresh_url())
            with self._alone() as connection:
                self._shape = connection.scalar(_SHAPE)
                self._tables = connection.scalars(
                    text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                ).all()
                self._seeded = self._contents(connection, self._filled(connection))
                self._sequences = self._counters(connection)
        engine = _engine(self._url)
        try:
            yield engine
        finally:
            engine.dispose()
            as_new = False
            try:
                with self._alone() as connection:
                    as_new = self._empty(connection)
            finally:
                if not as_new:
                    self.drop()

    def drop(self) -> None:
        """Drop the database; the next test gets a new one."""
        self._made.close()
        self._url = ""

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        engine = create_engine(self._url, poolclass=NullPool)
        with engine.begin() as connection:
            # A process that the test killed may not have let go yet.
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            yield connection

    def _empty(self, connection: Connection) -> bool:
        """Delete the rows that the test left; False where that does not make it as new."""
        if connection.scalar(_SHAPE) != self._shape or connection.scalar(_SIZE) > _LARGEST:
            return False
        # No trigger and no foreign key: the log, for one, lets nobody delete a line.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in self._filled(connection):
            if table not in self._seeded:
                connection.execute(text(f'DELETE FROM "{table}"'))
        for name, value in self._counters(connection).items():
            if value != self._sequences[name]:
                connection.execute(
                    text("SELECT setval(:name, :value, :used)"),
                    {"name": name} | self._sequences[name],
                )
        return self._contents(connection, [*self._seeded]) == self._seeded

    def _filled(self, connection: Connection) -> list[str]:
        probes = (f"SELECT '{t}' WHERE EXISTS (SELECT FROM \"{t}\")" for t in self._tables)
        return [*connection.scalars(text(" UNION ALL ".join(probes)))]

    def _contents(self, connection: Connection, tables: list[str]) -> dict[str, str]:
        digest = "SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM \"{}\" t"
        return {table: connection.scalar(text(digest.format(table))) for table in tables}

    def _counters(self, connection: Connection) -> dict[str, dict[str, Any]]:
        rows = connection.execute(
            text(
                "SELECT format('%I.%I', schemaname, sequencename) AS name,"
                " coalesce(last_value, start_value) AS value, last_value IS NOT NULL AS used"
                " FROM pg_sequences WHERE schemaname = 'public'"
            )
        )
        return {row.name: {"value": row.value, "used": row.used} for row in rows}
