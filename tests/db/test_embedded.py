"""The embedded PostgreSQL: shared, stopped by the last one out, at home in long paths."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session

from portal.kit import postgres
from portal.kit.queue import defer


def _alive(server: postgres.Server) -> bool:
    return (server.folder / "data" / "postmaster.pid").exists()


@pytest.mark.parametrize("name", ["plain", "with a space and 'quote'", "long-" + "x" * 150])
def test_a_server_starts_in_any_folder_and_stops_with_its_last_user(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    first = postgres.start(folder, durable=False)
    second = postgres.start(folder, durable=False)
    engine = create_engine(first.url("postgres"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('server_version_num')::int / 10000"))
        assert connection.scalar(text("SELECT upper('ñandú')")) == "ÑANDÚ"
    engine.dispose()
    first.stop()
    assert _alive(second)
    second.stop()
    assert not _alive(second)
    assert second.socket == folder / "data" or not second.socket.exists()


def test_a_killed_user_does_not_keep_the_server(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from portal.kit import postgres;"
        "postgres.start(Path(sys.argv[1]), durable=False); os.kill(os.getpid(), 9)"
    )
    import sys

    subprocess.run([sys.executable, "-c", program, str(tmp_path / "pg")], check=False)
    server = postgres.start(tmp_path / "pg", durable=False)
    assert _alive(server)
    server.stop()
    assert not _alive(server)


def test_a_job_is_queued_only_by_a_commit(db: Session) -> None:
    with db.begin_nested() as undone:
        defer(db, "outbox.send", mail_id="a")
        undone.rollback()
    defer(db, "outbox.send", at=datetime(2027, 1, 1, tzinfo=UTC), lock="x", mail_id="b")
    rows = db.connection().execute(
        text("SELECT task_name, args->>'mail_id', lock, scheduled_at FROM procrastinate_jobs")
    )
    assert rows.all() == [("outbox.send", "b", "x", datetime(2027, 1, 1, tzinfo=UTC))]
