"""Taking in a folder: everything or nothing, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from psycopg import Connection, errors
from sqlmodel import Session, col, select

from portal.domain.exchange import acknowledgement, checks, ledger, merge, staging
from portal.domain.exchange.faults import Busy, Faults, Refused, Said
from portal.domain.exchange.images import store_image
from portal.domain.exchange.manifest import Manifest, read_manifest, verify_bytes
from portal.domain.exchange.reader import Reader, Reading
from portal.domain.exchange.spec import FILES, File
from portal.domain.exchange.staging import Sql
from portal.domain.moveouts import operations as moveouts
from portal.kit.clock import local_date
from portal.kit.money import plain_dollars
from portal.kit.text import N_
from portal.models.exchange import ImportFault, ImportRun

# One number for one lock: two importers never work at once, whatever machine they run on.
_LOCK = 0x45584348

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """How a folder is taken in. `lock_wait_ms`: how long a dying importer is waited for."""

    zone: ZoneInfo
    data_dir: Path
    force: bool = False
    skip_bad_rows: bool = False
    lock_wait_ms: int = 20_000


@dataclass
class Counts:
    """What one file brought."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    closed: int = 0
    skipped: int = 0
    skipped_children: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the figures by name."""
        return dict(vars(self))


@dataclass
class Outcome:
    """What came of a folder. `status` is "done" or "unchanged".

    `noted` is whether the staff's list of imports has it.
    """

    status: str
    as_of: datetime
    counts: dict[str, Counts] = field(default_factory=dict)
    notes: list[Said] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    noted: bool = True

    @property
    def rows(self) -> int:
        """All rows read."""
        return sum(c.rows for c in self.counts.values())


def import_folder(
    session: Session,
    folder: Path,
    options: Options,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> Outcome:
    """Take in an exchange folder in the session's transaction and record it on the staff's list.

    Raises Refused (with the rows at fault) and Busy; the caller rolls back and may then
    `record_refusal` in a transaction of its own.
    """
    manifest = read_manifest(folder)
    driver = cast("Connection[Any]", session.connection().connection.driver_connection)
    sql = driver.cursor()
    _lock(sql, options)
    outcome = _already(session, folder, manifest, options)
    if outcome is None:
        outcome = _Import(session, sql, folder, manifest, options, now, progress).run()
    if not outcome.noted:
        return outcome
    run = ImportRun(
        kind="exchange",
        source_name=folder.name,
        content_hash=manifest.content_hash,
        as_of=manifest.as_of,
        status=outcome.status,
        started_at=now,
        finished_at=now,
        counts={name: counts.as_dict() for name, counts in outcome.counts.items()},
        notes=[[note.message, note.params] for note in outcome.notes],
    )
    _record(session, run, outcome.faults)
    return outcome


def record_refusal(session: Session, folder: Path, error: Refused, *, now: datetime) -> None:
    """Note a refused folder and its rows at fault for the staff."""
    run = ImportRun(
        kind="exchange",
        source_name=folder.name,
        status="refused",
        reason=error.sentence,
        reason_params={name: str(value) for name, value in error.params.items()},
        started_at=now,
        finished_at=now,
        counts={name: {"faults": n} for name, n in error.faults.counted.items()},
    )
    _record(session, run, error.faults)


def _record(session: Session, run: ImportRun, faults: Faults) -> None:
    run.fault_count = faults.total
    session.add(run)
    session.flush()
    session.add_all(
        ImportFault(
            import_run_id=run.id,
            file_name=fault.file_name,
            line=fault.line,
            column_name=fault.column,
            value=fault.value,
            message=fault.why.message,
            params=fault.why.params,
        )
        for fault in faults.kept
    )
    session.flush()


def _lock(sql: Sql, options: Options) -> None:
    # A killed importer's server process may hold the lock for a moment: wait for it.
    sql.execute(f"SET LOCAL lock_timeout = '{options.lock_wait_ms}ms'")
    try:
        sql.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    except errors.LockNotAvailable:
        raise Busy from None
    sql.execute("SET LOCAL lock_timeout = 0")


def _already(
    session: Session, folder: Path, manifest: Manifest, options: Options
) -> Outcome | None:
    """Return the outcome of a folder imported before, or None. Raises Refused for an older one."""
    if options.force:
        return None
    done = select(ImportRun).where(ImportRun.kind == "exchange", ImportRun.status == "done")
    newest = session.exec(
        done.order_by(
            col(ImportRun.as_of).desc(), col(ImportRun.finished_at).desc(), col(ImportRun.id)
        ).limit(1)
    ).first()
    if newest is None or newest.as_of is None or manifest.as_of > newest.as_of:
        return None
    # An older one that was forced in since then stands in the tables now: the newest is needed.
    since = session.exec(
        done.where(col(ImportRun.finished_at) > newest.finished_at).limit(1)
    ).first()
    if newest.content_hash == manifest.content_hash:
        verify_bytes(folder, manifest)
        return None if since else Outcome("unchanged", manifest.as_of)
    if manifest.as_of == newest.as_of:
        return None
    # Cities keep their nights in one folder of folders and give us all of it each night: a year
    # of nights on the staff's list would hide the one that came.
    if session.exec(done.where(ImportRun.content_hash == manifest.content_hash).limit(1)).first():
        return Outcome("unchanged", manifest.as_of, noted=False)
    raise Refused(
        N_(
            "%(folder)s is as of %(this)s, older than %(last)s, which was imported:"
            " an older folder has to be forced."
        ),
        folder=folder.name,
        this=manifest.as_of.isoformat(),
        last=newest.as_of.isoformat(),
    )


class _Import:
    """One folder on its way in."""

    def __init__(
        self,
        session: Session,
        sql: Sql,
        folder: Path,
        manifest: Manifest,
        options: Options,
        now: datetime,
        progress: Progress | None,
    ) -> None:
        self.session = session
        self.sql = sql
        self.folder = folder
        self.options = options
        self.now = now
        self.manifest = manifest
        self.entries = {entry.name: entry for entry in manifest.files}
        self.files = [file for file in FILES if file.name in self.entries]
        self.outcome = Outcome("done", manifest.as_of)
        self.readings: dict[str, Reading] = {}
        # Reading a row is half the way, storing it the other half.
        self.total = 2 * sum(entry.rows for entry in manifest.files)
        self.done = Fraction(0)
        self.progress = progress

    def run(self) -> Outcome:
        """Read everything, judge and store file by file, then what follows from it."""
        staging.prepare(self.sql)
        for file in self.files:
            self._read(file)
        self._refuse_faults()
        images = [
            store_image(self.session, self.folder, self.options.data_dir, entry)
            for entry in self.manifest.images
        ]
        if images:
            self.outcome.counts["images"] = Counts(rows=len(images), new=sum(images))
        checks.prepare_sums(self.sql, self.readings)
        for file in self.files:
            self._store(file)
        self._refuse_faults()
        for file in self.files:
            self._compare_money(file)
        ledger.book_imported(self.sql, self.now, self.manifest.as_of, self.options.zone)
        moved = moveouts.settle(self.session, self.options.zone, self.now)
        if moved.ended or moved.reopened:
            self.outcome.notes.append(
                Said(
                    N_(
                        "links of customers who moved out: %(ended)s ended,"
                        " %(reopened)s opened again"
                    ),
                    ended=moved.ended,
                    reopened=moved.reopened,
                )
            )
        return self.outcome

    def _step(self, words: str, rows: Fraction | int) -> None:
        self.done += rows
        if self.progress:
            self.progress(words, int(self.done), self.total)

    def _read(self, file: File) -> None:
        entry = self.entries[file.name]
        path = self.folder / file.name
        rows_per_byte = Fraction(entry.rows, max(1, path.stat().st_size))
        reader = Reader(
            path,
            file,
            self.outcome.faults,
            lambda count: self._step(f"reading {file.name}", count * rows_per_byte),
        )
        reading = staging.load(self.sql, reader, entry)
        self.readings[file.name] = reading
        self.outcome.counts[file.name] = Counts(rows=reading.rows, skipped=reading.bad_rows)
        if reading.header.extra:
            self.outcome.notes.append(
                Said(
                    N_("%(file)s: ignored the columns %(columns)s"),
                    file=file.name,
                    columns=", ".join(reading.header.extra),
                )
            )

    def _store(self, file: File) -> None:
        reading = self.readings[file.name]
        counts = self.outcome.counts[file.name]
        entry = self.entries[file.name]
        own, children = checks.check(self.sql, file, self.readings, self.outcome.faults)
        counts.skipped += own
        counts.skipped_children += children
        if file.name == "ack.csv":
            acknowledged = acknowledgement.apply(self.sql, self.outcome.faults)
            counts.changed, counts.skipped = acknowledged[0], counts.skipped + acknowledged[1]
        else:
            known = merge.open_rows(self.sql, file)
            counts.new, counts.changed = merge.merge(
                self.sql, file, reading.header, full=entry.full
            )
            if entry.full:
                counts.closed = self._close(file, reading, known)
        if file.name == "payments.csv":
            acknowledgement.look_at_portal_payments(self.sql)
        self._step(f"storing {file.name}", reading.rows)

    def _close(self, file: File, reading: Reading, known: int) -> int:
        if len(reading.bad_keys) < reading.bad_rows:
            # Which rows they are cannot be read, so nobody knows what the file omits.
            self.outcome.notes.append(
                Said(
                    N_("%(file)s: closed nothing, since rows at fault have no readable key"),
                    file=file.name,
                )
            )
            return 0
        day = local_date(self.entries[file.name].as_of, self.options.zone)
        return merge.close_omitted(
            self.sql, file, reading.header, day, known=known, force=self.options.force
        )

    def _compare_money(self, file: File) -> None:
        entry = self.entries[file.name]
        counts = self.outcome.counts[file.name]
        if not counts.skipped and not counts.skipped_children:
            return
        self.outcome.notes.append(
            Said(
                N_(
                    "%(file)s: left out %(rows)s rows at fault and %(children)s that belong to"
                    " rows left out"
                ),
                file=file.name,
                rows=counts.skipped,
                children=counts.skipped_children,
            )
        )
        if file.money:
            self.outcome.notes.append(
                Said(
                    N_("%(file)s: left out with them %(amount)s of the manifest's %(column)s"),
                    file=file.name,
                    amount=plain_dollars(staging.money_difference(self.sql, file, entry)),
                    column=file.money,
                )
            )

    def _refuse_faults(self) -> None:
        faults = self.outcome.faults
        if faults.total and not self.options.skip_bad_rows:
            raise Refused(
                N_("%(count)s rows at fault, nothing was imported."),
                faults=faults,
                count=faults.total,
            )
