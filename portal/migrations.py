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

SCRIPTS = ROOT / "alembic"


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
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(6)"))
        command.upgrade(_config(connection), "head")
        for piece in trigger_sql():
            run_sql(connection, piece)
    return head()


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
