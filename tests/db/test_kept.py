"""The database that tests share, one after the other: each finds it as new."""

from collections.abc import Callable, Iterator

import pytest
from psycopg import OperationalError
from sqlalchemy import Engine, text
from sqlmodel import Session

from portal.models.audit import AuditEvent
from tests import databases, factories


@pytest.fixture
def kept() -> Iterator[databases.Kept]:
    made = databases.Kept()
    yield made
    made.drop()


def rows(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        factories.household(session)
        session.add(AuditEvent(act="bill.view"))


def numbers(engine: Engine) -> None:
    with engine.begin() as connection:
        for name in _sequences(engine):
            connection.execute(text(f"SELECT nextval('{name}'), nextval('{name}')"))


def a_column(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE mail ADD COLUMN left_behind integer"))


def no_trigger(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))


def _sequences(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.scalars(text("SELECT sequencename FROM pg_sequences"))]


def _state(engine: Engine) -> dict[str, object]:
    """Return all that a test could find changed."""
    asked = {
        "mail": "SELECT count(*) FROM information_schema.columns WHERE table_name = 'mail'",
        "guards": "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'",
        **{table: f"SELECT count(*) FROM {table}" for table in ("account", "audit_event")},
        **{name: f"SELECT nextval('{name}')" for name in _sequences(engine)},
    }
    with engine.begin() as connection:
        return {name: connection.scalar(text(sql)) for name, sql in asked.items()}


@pytest.mark.parametrize("leave", [rows, numbers, a_column, no_trigger])
def test_the_next_test_finds_nothing_of_it(
    kept: databases.Kept, leave: Callable[[Engine], None]
) -> None:
    with kept.engine() as engine:
        new = _state(engine)
    with kept.engine() as engine:
        leave(engine)
        assert _state(engine) != new
    with kept.engine() as engine:
        assert _state(engine) == new


def test_a_connection_left_open_is_ended(kept: databases.Kept) -> None:
    with kept.engine() as engine:
        held = engine.raw_connection()
        held.detach()  # the pool will not close it
        held.cursor().execute("LOCK TABLE account")
    with kept.engine() as engine:
        rows(engine)
    with pytest.raises(OperationalError):
        held.cursor().execute("SELECT 1")
    held.close()
