"""Fixtures for all tests. `db` for one transaction, `database` for several connections."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

# Before anything of ours reads the settings: a test sees neither this machine's nor .env's.
# STRIPE_TEST_KEY is none of ours: it lets the tests marked `stripe` run.
for _name in [n for n in os.environ if n.startswith(("PORTAL_", "STRIPE_", "SMTP_", "MAIL_"))]:
    if _name != "STRIPE_TEST_KEY":
        del os.environ[_name]
os.environ["PORTAL_ENV_FILE"] = ""
os.environ["PORTAL_SECRET_KEY"] = "a-key-for-tests-only-of-thirty-two-bytes"
os.environ["PORTAL_PUBLIC_URL"] = "http://localhost:3000"
_DATA = Path(tempfile.gettempdir()) / f"portal-test-{os.getpid()}"
os.environ["PORTAL_DATA_DIR"] = str(_DATA)
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from portal.kit import db as kit_db
from tests import databases


@pytest.fixture
def now() -> datetime:
    """Return the instant at which tests happen: a Tuesday morning in Pleasanton."""
    return datetime(2027, 1, 26, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def _shared_engine() -> Iterator[Engine]:
    with databases.fresh() as engine:
        yield engine


@pytest.fixture
def db(_shared_engine: Engine) -> Iterator[Session]:
    """Yield a session in a transaction that is undone after the test.

    `commit()` inside is a savepoint; nothing is seen from another connection.
    """
    with _shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as session:
            yield session
        outer.rollback()


@pytest.fixture(scope="session")
def _kept() -> Iterator[databases.Kept]:
    kept = databases.Kept()
    yield kept
    kept.drop()


@pytest.fixture
def database(_kept: databases.Kept) -> Iterator[Engine]:
    """Yield an engine on a database as new, bound for `kit.db.transaction` and `in_thread`.

    For what commits: races with several connections, State handlers, HTTP routes, jobs.
    """
    with _kept.engine() as engine:
        before = list(kit_db._current)
        kit_db.bind(engine)
        try:
            yield engine
        finally:
            kit_db._current[:] = before
