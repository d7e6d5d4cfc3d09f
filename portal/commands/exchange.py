"""`import exchange` and `export postings`: folders in, the day's files out."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import psycopg
import typer

from portal.cities import calendar, city
from portal.config import settings
from portal.domain.exchange import postings
from portal.domain.exchange.faults import Busy, NoManifest, Refused
from portal.domain.exchange.manifest import MANIFEST, read_manifest
from portal.domain.exchange.operations import Options, Outcome, import_folder, record_refusal
from portal.kit.clock import local_date, utc_now
from portal.kit.db import transaction
from portal.kit.errors import DomainError
from portal.kit.money import plain_dollars
from portal.kit.text import N_

_SHOWN_FAULTS = 20


def progress_line() -> Callable[[str, int, int], None]:
    """Return a progress callback: one rewritten line on a terminal, a plain line a step elsewhere.

    It is called with (words, rows done, rows in all); both count reading and storing.
    """
    out = sys.stderr
    live = out.isatty()
    began = time.monotonic()
    said = ""
    said_at = 0.0

    def show(words: str, done: int, total: int) -> None:
        nonlocal said, said_at
        now = time.monotonic()
        rate = done / max(now - began, 0.001)
        left = max(total - done, 0) / rate if rate else 0
        if live:
            if now - said_at > 0.1 or done >= total:
                share = 100 * done // max(total, 1)
                out.write(
                    f"\r\x1b[K{share:3d} %  {words}  {rate / 2:,.0f} rows/s  {left:.0f} s left"
                )
                if done >= total:
                    out.write("\r\x1b[K")
                out.flush()
                said_at = now
        elif words != said:
            print(f"{words} ({100 * done // max(total, 1)} %, {rate / 2:,.0f} rows/s)", file=out)
            said = words

    return show


def folders_under(folder: Path) -> list[Path]:
    """Return the folder, or the folders in it that have a manifest, in order of their as_of."""
    if (folder / MANIFEST).is_file() or not folder.is_dir():
        return [folder]
    found = [path for path in sorted(folder.iterdir()) if (path / MANIFEST).is_file()]
    return sorted(found, key=lambda path: read_manifest(path).as_of) or [folder]


def take_folder(folder: Path, *, force: bool, skip_bad_rows: bool) -> Outcome:
    """Import one folder in its own transaction; a refusal is recorded in another."""
    now = utc_now()
    options = Options(city().zone, settings().data_dir, force=force, skip_bad_rows=skip_bad_rows)
    try:
        with transaction() as session:
            return import_folder(session, folder, options, now=now, progress=progress_line())
    except psycopg.Error as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DomainError(
            N_(
                "The database stopped the import and nothing was stored: %(reason)s."
                " Run the same command again."
            ),
            reason=reason[0].rstrip("."),
        ) from error
    except (Busy, NoManifest):
        raise
    except Refused as refused:
        with transaction() as session:
            record_refusal(session, folder, refused, now=now)
        raise


def _report(folder: Path, outcome: Outcome) -> Iterator[str]:
    if outcome.status == "unchanged":
        yield f"{folder.name}: unchanged, it was imported before."
        return
    for name, counts in outcome.counts.items():
        figures = ", ".join(
            f"{value:,} {words}"
            for value, words in (
                (counts.new, "new"),
                (counts.changed, "changed"),
                (counts.closed, "closed"),
                (counts.skipped, "at fault"),
                (counts.skipped_children, "left out with them"),
            )
            if value
        )
        yield f"{name}: {counts.rows:,} rows, {figures or 'nothing changed'}"
    yield from map(str, outcome.notes)
    yield f"{folder.name}: imported {outcome.rows:,} rows as of {outcome.as_of.isoformat()}."


def import_exchange(
    folder: Annotated[Path, typer.Argument(help="The folder, or one with several of them.")],
    force: Annotated[
        bool, typer.Option("--force", help="Take an older folder, or a FULL that closes many.")
    ] = False,
    skip_bad_rows: Annotated[
        bool,
        typer.Option("--skip-bad-rows", help="Leave out rows at fault and what hangs on them."),
    ] = False,
) -> None:
    """Take in the billing system's nightly folder."""
    try:
        for each in folders_under(folder):
            outcome = take_folder(each, force=force, skip_bad_rows=skip_bad_rows)
            for fault in outcome.faults.kept[:_SHOWN_FAULTS]:
                print(fault, file=sys.stderr)
            for line in _report(each, outcome):
                print(line)
    except Refused as refused:
        for fault in refused.faults.kept[1:_SHOWN_FAULTS]:
            print(fault, file=sys.stderr)
        print(f"Refused: {refused}", file=sys.stderr)
        raise typer.Exit(1) from None


def export_postings(
    day: Annotated[str, typer.Option("--date", help="The business day, YYYY-MM-DD.")],
    out: Annotated[Path, typer.Option("--out", help="Where the files are written.")],
) -> None:
    """Close a business day's batch and write the files for the billing system."""
    try:
        if len(day) != 10:
            raise ValueError
        business_date = date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter(f"{day!r} is no date: write YYYY-MM-DD") from None
    now = utc_now()
    today = local_date(now, city().zone)
    try:
        with transaction() as session:
            batch = postings.close_batch(
                session,
                business_date,
                latest=calendar.next_business_day(city(), today),
                now=now,
            )
    except DomainError as refused:
        print(f"Refused: {refused}", file=sys.stderr)
        raise typer.Exit(1) from None
    out.mkdir(parents=True, exist_ok=True)
    for name, content in batch.files.items():
        part = out / f".{name}.{uuid4().hex}"
        part.write_bytes(content.encode())
        os.replace(part, out / name)
    if batch.closed_now and business_date > today:
        print(
            f"Closed before the day: what is paid from now on goes into a later batch than"
            f" {batch.batch_id}.",
            file=sys.stderr,
        )
    print(
        f"{batch.batch_id} for {batch.business_date}: {batch.rows} rows,"
        f" paid {plain_dollars(batch.pay_total)}, reversed {plain_dollars(batch.reverse_total)}."
    )
