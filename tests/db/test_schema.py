"""Migrations make exactly the schema of the models, so that neither is ever ahead."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from portal import database as portal_database
from portal import migrations
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.kit import db as kit_db
from tests import databases

_WHAT_THERE_IS = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' '
       || is_nullable || ' ' || coalesce(column_default, '') || ' ' || is_identity
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t
  JOIN pg_class c ON c.oid = tgrelid AND c.relnamespace = 'public'::regnamespace
 WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
"""


def _schema(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        rows = connection.scalars(text(_WHAT_THERE_IS)).all()
    return {row for row in rows if "alembic_version" not in row}


@pytest.fixture
def migrated() -> Iterator[Engine]:
    """Yield an engine on an empty database after `portal migrate`."""
    with databases.fresh_url(empty=True) as url:
        engine = create_engine(url, poolclass=NullPool)
        migrations.migrate(engine)
        yield engine


def test_migrations_make_the_schema_of_the_models(migrated: Engine, database: Engine) -> None:
    by_migrations, by_models = _schema(migrated), _schema(database)
    assert by_migrations == by_models, (
        "The models changed and the migrations did not. Before the first release run"
        " `make migration`; afterwards write a new one (docs/operations.md)."
    )


def test_migrating_twice_changes_nothing(migrated: Engine) -> None:
    before = _schema(migrated)
    assert migrations.migrate(migrated) == migrations.head()
    assert _schema(migrated) == before


def test_a_database_says_its_revision(migrated: Engine) -> None:
    with migrated.connect() as connection:
        assert migrations.revision_of(connection) == migrations.head() != ""


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_event SET act = 'nothing'", "DELETE FROM audit_event", "TRUNCATE audit_event"],
)
def test_the_audit_is_not_rewritten(db: Session, statement: str) -> None:
    audit.record(db, Actor(), "link.create")
    db.flush()
    with pytest.raises(IntegrityError, match="append-only"):
        db.connection().execute(text(statement))


def test_an_older_server_is_refused_before_anything_is_made(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "NEEDS", 99)
    with pytest.raises(migrations.TooOld, match=r"This is PostgreSQL 18, .* needs 99 or newer"):
        migrations.migrate(database)


def test_who_leaves_the_database_closes_what_the_pool_kept() -> None:
    with databases.fresh_url() as url:
        engine = kit_db.engine_for(url)
        with engine.connect() as connection:
            kept = connection.connection.driver_connection
        assert kept is not None
        assert not kept.closed
        portal_database.close()
        assert kept.closed
        assert kit_db.engine_for(url) is not engine
        kit_db.dispose()
