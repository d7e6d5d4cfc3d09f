"""Which database this process talks to, and the schema it must find there."""

from importlib import resources
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlmodel import SQLModel

import portal.models  # noqa: F401 - fills the metadata
from portal.config import settings
from portal.kit import db, postgres

SQL = Path(__file__).parent / "models" / "sql"

_servers: list[postgres.Server] = []


def database_url() -> str:
    """Return the SQLAlchemy URL to use, starting the embedded PostgreSQL where none is named."""
    named = settings().database_url
    if named:
        return make_url(named).set(drivername="postgresql+psycopg").render_as_string(False)
    if not _servers:
        _servers.append(postgres.start(settings().data_dir / "postgres"))
        _create_if_absent(_servers[0], database_name())
    return _servers[0].url(database_name())


def database_name() -> str:
    """Return the embedded server's database for this city: towns never mix."""
    return f"portal_{settings().city}"


def connect() -> Engine:
    """Return the engine of the configured database, bound for `portal.kit.db.transaction`."""
    engine = db.engine_for(database_url())
    db.bind(engine)
    return engine


def close() -> None:
    """Give the connections back and let go of the embedded server, if this process held it."""
    db.dispose()
    while _servers:
        _servers.pop().stop()


def _create_if_absent(server: postgres.Server, name: str) -> None:
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        # Two processes may come here at once; the lock dies with the connection.
        connection.execute(text("SELECT pg_advisory_lock(7)"))
        found = connection.scalar(
            text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}
        )
        if not found:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()


def queue_sql() -> str:
    """Return the job queue's schema, of the version that the requirements pin."""
    return (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")


def trigger_sql() -> list[str]:
    """Return what the metadata cannot say: idempotent scripts of functions and triggers."""
    return [path.read_text() for path in sorted(SQL.glob("*.sql"))]


def run_sql(connection: Connection, script: str) -> None:
    """Run a script of several statements as it stands: no parameters, no percent signs meant."""
    connection.connection.driver_connection.execute(script)  # type: ignore[union-attr]


def create_schema(connection: Connection) -> None:
    """Make every table and trigger in an empty database, as the migrations would (for tests)."""
    SQLModel.metadata.create_all(connection)
    run_sql(connection, queue_sql())
    for piece in trigger_sql():
        run_sql(connection, piece)


def forget(name: str) -> None:
    """Drop the embedded server's database `name`, with all it holds, and make it again, empty."""
    database_url()
    db.dispose()
    (server,) = _servers
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()
    _create_if_absent(server, name)
