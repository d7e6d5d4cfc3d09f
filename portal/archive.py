"""Backup and restore: one file with the database as of one instant, and the bills' pictures.

The file is a tar of `manifest.json`, `database.dump` (pg_dump's custom format) and `files/`. The
counts in the manifest come from the very snapshot that was dumped; a restore compares them and the
ledger before it lets the old data go. PORTAL_SECRET_KEY is not in it: keep that elsewhere.
"""

import io
import json
import os
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, make_url, text

from portal.config import settings
from portal.kit import postgres
from portal.kit.clock import utc_now

# Folders under PORTAL_DATA_DIR that a restored portal cannot make again.
_FOLDERS = ("images",)
_BEFORE = "before_restore"


class ArchiveFailed(Exception):
    """A backup or restore that could not be done; nothing was changed."""


@dataclass(frozen=True)
class Done:
    """What went into or came out of a file."""

    tables: int
    rows: int
    size: int


def backup(engine: Engine, file: Path) -> Done:
    """Write the file, complete or not at all, while others go on writing to the database."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)  # of a backup that was killed
    with tempfile.TemporaryDirectory() as folder, engine.connect() as connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        counts, ledger = _counts(connection), _ledger(connection)
        dump = Path(folder) / "database.dump"
        _client(
            engine, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
            f"--snapshot={snapshot}", "--schema=public", f"--file={dump}",
        )  # fmt: skip
        manifest = {
            "made_at": utc_now().isoformat(),
            "city": settings().city,
            "rows": counts,
            "ledger": asdict(ledger),
        }
        try:
            # Nobody else reads it, not even while it is being written.
            private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(private, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
                content = json.dumps(manifest, indent=1).encode()
                entry = tarfile.TarInfo("manifest.json")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
                tar.add(dump, "database.dump")
                for name in _FOLDERS:
                    if (settings().data_dir / name).is_dir():
                        tar.add(settings().data_dir / name, f"files/{name}")
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
    return Done(len(counts), sum(counts.values()), file.stat().st_size)


def restore(engine: Engine, file: Path, *, replace: bool = False) -> Done:
    """Put the file's data in the place of the database's, after comparing counts and ledger.

    `replace` allows it where there are tables already. Raises ArchiveFailed; the old data then
    stand as before.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(file) as tar:
                tar.extractall(folder, filter="data")
            manifest = json.loads((Path(folder) / "manifest.json").read_text())
            rows, books = manifest["rows"], manifest["ledger"]
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise ArchiveFailed(f"{file} is not a backup of ours: {error}") from error
        with engine.begin() as connection:
            if _counts(connection) and not replace:
                raise ArchiveFailed("The database is not empty. To replace what it holds: --yes")
            connection.execute(text(f"DROP SCHEMA IF EXISTS {_BEFORE} CASCADE"))
            connection.execute(text(f"ALTER SCHEMA public RENAME TO {_BEFORE}"))
        try:
            _client(
                engine, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction",
                "--exit-on-error", f"--dbname={make_url(engine.url).database}",
                str(Path(folder) / "database.dump"),
            )  # fmt: skip
            with engine.connect() as connection:
                counts, ledger = _counts(connection), _ledger(connection)
            if counts != rows or asdict(ledger) != books:
                raise ArchiveFailed("What was restored is not what was backed up.")
        except BaseException:  # Ctrl-C too must not leave the old data under another name
            with engine.begin() as connection:
                connection.execute(text("DROP SCHEMA IF EXISTS public CASCADE"))
                connection.execute(text(f"ALTER SCHEMA {_BEFORE} RENAME TO public"))
            raise
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {_BEFORE} CASCADE"))
        _put_files(Path(folder) / "files")
    return Done(len(counts), sum(counts.values()), file.stat().st_size)


def _put_files(source: Path) -> None:
    for path in sorted(source.rglob("*")) if source.is_dir() else []:
        target = settings().data_dir / path.relative_to(source)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


@dataclass(frozen=True)
class Ledger:
    """What the books must still say: bookings, entries, debits, and zero in all."""

    bookings: int
    entries: int
    debit_cents: int
    sum_cents: int
    unbalanced: int


def _ledger(connection: Connection) -> Ledger:
    found = connection.execute(text("SELECT to_regclass('public.ledger_entry')")).scalar()
    if found is None:
        return Ledger(0, 0, 0, 0, 0)
    row = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM public.ledger_tx), count(*),"
            " coalesce(sum(amount_cents) FILTER (WHERE amount_cents > 0), 0),"
            " coalesce(sum(amount_cents), 0),"
            " (SELECT count(*) FROM (SELECT 1 FROM public.ledger_entry GROUP BY tx_id"
            "   HAVING sum(amount_cents) <> 0) AS wrong)"
            " FROM public.ledger_entry"
        )
    ).one()
    return Ledger(*(int(value) for value in row))


def _counts(connection: Connection) -> dict[str, int]:
    names = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    ).all()
    return {
        name: connection.scalar(text(f'SELECT count(*) FROM public."{name}"')) or 0
        for name in names
    }


def _client(engine: Engine, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs against `engine`'s database."""
    url = make_url(engine.url)
    host: Any = url.host or url.query.get("host", "")
    environment = {
        "PGHOST": str(host),
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
        "PGDATABASE": url.database or "",
        "LC_ALL": "C",
    }
    for name in ("sslmode", "sslrootcert"):
        if name in url.query:
            environment["PG" + name.upper()] = str(url.query[name])
    done = subprocess.run(
        [str(postgres.BINARIES / program), *arguments],
        env={**os.environ, **{key: value for key, value in environment.items() if value}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ArchiveFailed(f"{program}: {said[-1] if said else done.returncode}")
