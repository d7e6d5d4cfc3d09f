"""`import usage`: a file of meter readings, or a folder of them, in."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from portal.cities import city
from portal.domain.usage.formats import FORMATS
from portal.domain.usage.operations import UsageReport, import_file, note_refusal
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.kit.errors import DomainError

_SHOWN_FAULTS = 20
_WORDS = (
    ("readings", "readings"),
    ("meters", "meters"),
    ("days_written", "meter days written"),
    ("filler", "without a reading"),
    ("gap_stamps", "in the hour the clocks skip"),
    ("hours_incomplete", "hours with a part missing"),
    ("registers_corrupt", "corrupt registers set aside"),
    ("registers_held", "register steps held for review"),
    ("skipped", "passed over"),
    ("faults", "at fault"),
)


def files_under(path: Path) -> list[Path]:
    """Return the file, or a folder's files by name."""
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.iterdir() if one.is_file() and one.name[0] != ".")


def progress_line(name: str) -> Callable[[int, int], None]:
    """Return a progress callback (bytes, bytes in all) that rewrites one line on a terminal."""
    out = sys.stderr
    live = out.isatty()
    began = time.monotonic()

    def show(done: int, total: int) -> None:
        if not live:
            return
        rate = done / max(time.monotonic() - began, 0.001)
        left = (total - done) / rate if rate else 0
        share = 100 * done // max(total, 1)
        out.write(f"\r\x1b[K{share:3d} %  {name}  {rate / 1e6:.1f} MB/s  {left:.0f} s left")
        if done >= total:
            out.write("\r\x1b[K")
        out.flush()

    return show


def take_file(path: Path, wanted: str) -> UsageReport:
    """Import one file in its own transaction; a refusal is noted in another."""
    now = utc_now()
    try:
        with transaction() as session:
            return import_file(
                session,
                path,
                wanted=wanted,
                zone=city().zone,
                now=now,
                progress=progress_line(path.name),
            )
    except DomainError as refused:
        with transaction() as session:
            note_refusal(session, path, refused, now)
        raise


def import_usage(
    file: Annotated[Path, typer.Argument(help="The file, or a folder of files.")],
    wanted: Annotated[
        str, typer.Option("--format", help=f"{', '.join(FORMATS)} or auto.")
    ] = "auto",
) -> None:
    """Take in meter readings."""
    if wanted not in (*FORMATS, "auto"):
        raise typer.BadParameter(f"{wanted!r}: known are {', '.join(FORMATS)} and auto")
    refusals = 0
    for path in files_under(file):
        try:
            report = take_file(path, wanted)
        except DomainError as refused:
            print(f"Refused: {path.name}: {refused}", file=sys.stderr)
            refusals += 1
            continue
        _print(path, report)
    if refusals:
        raise typer.Exit(1)


def _print(path: Path, report: UsageReport) -> None:
    if report.status == "unchanged":
        print(f"{path.name}: unchanged, it was imported before.")
        return
    for fault in report.faults[:_SHOWN_FAULTS]:
        print(
            f"{path.name}: line {fault.line}, {fault.column}: {fault.value!r}: {fault.message}",
            file=sys.stderr,
        )
    figures = [f"{report.counts[key]:,} {words}" for key, words in _WORDS if report.counts.get(key)]
    print(f"{path.name}: {', '.join(figures) or 'nothing to read'}")
    if report.unknown_meters:
        shown = ", ".join(report.unknown_meters[:5])
        more = " ..." if len(report.unknown_meters) > 5 else ""
        print(
            f"{len(report.unknown_meters):,} meters are not in the billing system's files; their"
            f" readings are kept until they are: {shown}{more}"
        )
