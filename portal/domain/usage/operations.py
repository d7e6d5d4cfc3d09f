"""Taking in a usage file: read, merge hour by hour, store, and note what came of it."""

import gzip
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from portal.domain.usage.feed import Fault, Tally
from portal.domain.usage.formats import choose
from portal.domain.usage.intake import Intake
from portal.domain.usage.local_time import Calendar
from portal.kit.errors import DomainError
from portal.kit.text import N_
from portal.models.exchange import ImportFault, ImportRun

FAULTS_KEPT = 1_000  # a file in the wrong layout has one a row; the count stays true
Progress = Callable[[int, int], None]  # bytes read, bytes in all


@dataclass(frozen=True)
class UsageReport:
    """What came of a file. `status` is "done", "unchanged" or "refused"."""

    status: str
    counts: dict[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    unknown_meters: tuple[str, ...] = ()
    reason: str = ""


class NotReadable(DomainError):
    """The file is not there or is not text."""

    code = "not_readable"


def import_file(
    session: Session,
    path: Path,
    *,
    wanted: str,
    zone: ZoneInfo,
    now: datetime,
    progress: Progress | None = None,
) -> UsageReport:
    """Take in one usage file, in the caller's transaction; all of it or nothing.

    `wanted` is "cmep", "beacon" or "auto". The same bytes again change nothing. Raises
    DomainError (unknown format, missing columns, not readable) having written nothing: see
    `note_refusal`.
    """
    digest = _digest(path)
    if session.exec(
        select(ImportRun.id).where(
            ImportRun.kind == "usage",
            ImportRun.content_hash == digest,
            ImportRun.status == "done",
        )
    ).first():
        _note(session, path, digest, "unchanged", now)
        return UsageReport("unchanged")
    with _lines(path, progress) as lines:
        first = next(lines, "")
        chosen = choose(wanted, first)
        tally = Tally()
        calendar = Calendar(zone)
        intake = Intake(session, calendar, _name(path), now)
        faults: list[Fault] = []
        fault_count = 0

        def again() -> Iterator[str]:
            yield first
            yield from lines

        try:
            for item in chosen.read(again(), calendar, tally):
                if isinstance(item, Fault):
                    fault_count += 1
                    if len(faults) < FAULTS_KEPT:
                        faults.append(item)
                else:
                    intake.take(item)
        except UnicodeDecodeError:
            raise NotReadable(N_("%(name)s is not a text file."), name=path.name) from None
    outcome = intake.finish()
    faults += outcome.faults[: FAULTS_KEPT - len(faults)]
    counts = {
        "rows": tally.rows,
        "readings": tally.readings,
        "filler": tally.filler,
        "skipped": tally.skipped,
        "gap_stamps": tally.gap_stamps,
        "faults": fault_count + len(outcome.faults),
        "meters": outcome.meters,
        "unknown_meters": len(outcome.unknown),
        "days_written": outcome.days_written,
        "hours_incomplete": outcome.hours_incomplete,
        "registers_corrupt": outcome.registers_corrupt,
        "registers_held": outcome.registers_held,
    }
    run = _note(session, path, digest, "done", now, counts=counts)
    session.flush()
    for fault in faults:
        session.add(
            ImportFault(
                import_run_id=run.id,
                file_name=path.name,
                line=fault.line,
                column_name=fault.column,
                value=fault.value,
                message=fault.message,
            )
        )
    session.flush()
    return UsageReport("done", counts, tuple(faults), tuple(outcome.unknown))


def note_refusal(session: Session, path: Path, error: DomainError, now: datetime) -> None:
    """Note in a transaction of its own that a file was refused whole, and why."""
    try:
        digest = _digest(path)
    except NotReadable:
        digest = ""
    _note(session, path, digest, "refused", now, error=error)


def _note(
    session: Session,
    path: Path,
    digest: str,
    status: str,
    now: datetime,
    *,
    error: DomainError | None = None,
    counts: dict[str, int] | None = None,
) -> ImportRun:
    run = ImportRun(
        kind="usage",
        source_name=path.name,
        content_hash=digest,
        status=status,
        reason=error.sentence if error else "",
        reason_params={name: str(value) for name, value in error.params.items()} if error else {},
        started_at=now,
        finished_at=now,
        counts={path.name: counts} if counts else {},
    )
    session.add(run)
    return run


def _name(path: Path) -> str:
    """Return the file's name as it is kept beside each hour: it breaks ties of record time."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", path.name)[:80]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NotReadable(
            N_("%(name)s cannot be read: %(why)s."), name=path.name, why=error.strerror or "?"
        ) from None


@contextmanager
def _lines(path: Path, progress: Progress | None) -> Iterator[Iterator[str]]:
    size = path.stat().st_size
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        source: IO[bytes] = raw
        if path.suffix == ".gz":
            source = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=raw)))
        text = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")

        def counted() -> Iterator[str]:
            for number, line in enumerate(text):
                if progress and not number & 0xFFF:
                    progress(raw.tell(), size)
                yield line
            if progress:
                progress(size, size)

        yield counted()
