"""Bringing a database's schema up to date, and asking whether it is."""

from typing import Any

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlmodel.sql.sqltypes import AutoString

from portal.config import ROOT
from portal.database import run_sql, trigger_sql
from portal.kit.errors import DomainError

SCRIPTS = ROOT / "alembic"
NEEDS = 18  # PostgreSQL's version: uuidv7(), and MERGE that returns what it did


class TooOld(DomainError):
    """The database server lacks what the portal is built on."""

    code = "database_too_old"


class UnknownTables(DomainError):
    """The tables were made by code that this one does not know: newer, or never released."""

    code = "database_unknown"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> str:
    """Bring the schema up to date in one transaction, one process at a time; return its revision.

    The triggers are put on again each time: their files are the whole truth, and idempotent.
    Raises TooOld and UnknownTables.
    """
    with engine.begin() as connection:
        check_version(connection)
        connection.execute(text("SELECT pg_advisory_xact_lock(6)"))
        _check_known(revision_of(connection))
        command.upgrade(_config(connection), "head")
        for piece in trigger_sql():
            run_sql(connection, piece)
    return head()


def check_version(connection: Connection) -> None:
    """Raise TooOld where the server's PostgreSQL is older than the portal needs."""
    found = int((connection.dialect.server_version_info or (0,))[0])
    if found < NEEDS:
        raise TooOld(
            "This is PostgreSQL %(found)s, and the portal needs %(needs)s or newer.",
            found=found,
            needs=NEEDS,
        )


def _check_known(found: str) -> None:
    known = {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found and found not in known:
        raise UnknownTables(
            "The database's tables are of another version, %(found)s, which this one does not know."
            " Take the version that made them, or name an empty database.",
            found=found,
        )


def head() -> str:
    """Return the newest revision that this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision_of(connection: Connection) -> str:
    """Return the revision of the database; empty for one without a schema."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def new_revision(connection: Connection, message: str, revision: str | None = None) -> None:
    """Write a migration from the difference between the tables of `connection` and the models."""
    command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def ours(thing: Any, name: str | None, kind: str, reflected: bool, against: Any) -> bool:
    """Say to alembic that the job queue's tables are not ours to compare."""
    table = thing if kind == "table" else getattr(thing, "table", None)
    return not (table is not None and table.name.startswith("procrastinate_"))


def render(kind: str, thing: Any, context: AutogenContext) -> str | bool:
    """Write SQLModel's own string type as the plain one, so that migrations need no SQLModel."""
    if kind == "type" and isinstance(thing, AutoString):
        return f"sa.String(length={thing.length})" if thing.length else "sa.String()"
    return False
