"""`migrate`, `backup` and `restore`."""

from pathlib import Path
from typing import Annotated

import typer

from portal.commands.running import fail, opened


def migrate() -> None:
    """Bring the database's tables up to date."""
    from portal import migrations

    with opened(current=False) as engine:
        print(f"The database is at revision {migrations.migrate(engine)}.")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write everything to one file, as of one instant, while the portal runs."""
    from portal import archive
    from portal.kit import db

    try:
        done = archive.backup(db.engine(), file)
    except archive.ArchiveFailed as failed:
        fail(str(failed))
    print(f"{file}: {done.tables} tables, {done.rows:,} rows, {done.size:,} bytes.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what the database holds.")] = False,
) -> None:
    """Put a backup in the place of what the database holds; stop the portal first."""
    from portal import archive

    with opened(current=False) as engine:
        try:
            done = archive.restore(engine, file, replace=yes)
        except archive.ArchiveFailed as failed:
            fail(str(failed))
    print(f"Restored {done.tables} tables, {done.rows:,} rows; the ledger's books balance.")
