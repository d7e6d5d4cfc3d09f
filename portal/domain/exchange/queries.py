"""What staff see of the exchange: imports with their counts and the rows at fault, batches out."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from portal.domain.identity.actor import Actor
from portal.kit.errors import NotAllowed, NotFound
from portal.kit.ids import parse_id
from portal.kit.text import N_
from portal.models.exchange import ImportFault, ImportRun, PostingBatch, PostingRow


@dataclass(frozen=True)
class FileCount:
    """What one file of an import brought."""

    file_name: str
    rows: int
    new: int
    changed: int
    closed: int
    skipped: int  # at fault
    skipped_children: int  # left out with a parent at fault


@dataclass(frozen=True)
class ImportReport:
    """One attempt to take in a folder or file. `status`: done, unchanged or refused."""

    run_id: UUID
    kind: str
    source_name: str
    status: str
    reason: str
    as_of: datetime | None
    finished_at: datetime
    fault_count: int
    notes: tuple[str, ...]
    files: tuple[FileCount, ...]

    @property
    def rows(self) -> int:
        """All rows read."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class FaultRow:
    """A row at fault, as staff tell it to the billing system's people."""

    file_name: str
    line: int
    column: str
    value: str
    message: str


def _staff(actor: Actor) -> None:
    if not actor.is_staff:
        raise NotAllowed(N_("Only staff may see this."))


def imports(session: Session, actor: Actor, *, limit: int = 50) -> list[ImportReport]:
    """Return the latest imports, newest first. Raises NotAllowed for others than staff."""
    _staff(actor)
    runs = session.exec(
        select(ImportRun).order_by(col(ImportRun.finished_at).desc()).limit(limit)
    ).all()
    return [_report(run) for run in runs]


def import_report(
    session: Session, actor: Actor, run_claim: object, *, limit: int = 200
) -> tuple[ImportReport, list[FaultRow]]:
    """Return one import and its first rows at fault. Raises NotAllowed and NotFound."""
    _staff(actor)
    run_id = parse_id(run_claim)
    run = session.get(ImportRun, run_id) if run_id else None
    if run is None:
        raise NotFound(N_("We could not find that import."))
    faults = session.exec(
        select(ImportFault)
        .where(ImportFault.import_run_id == run.id)
        .order_by(col(ImportFault.file_name), col(ImportFault.line), col(ImportFault.column_name))
        .limit(limit)
    ).all()
    return _report(run), [
        FaultRow(f.file_name, f.line, f.column_name, f.value, f.message) for f in faults
    ]


def _report(run: ImportRun) -> ImportReport:
    names = ("rows", "new", "changed", "closed", "skipped", "skipped_children")
    files = tuple(
        FileCount(name, *(int(counts.get(figure, 0)) for figure in names))
        for name, counts in run.counts.items()
        if isinstance(counts, dict)
    )
    return ImportReport(
        run.id,
        run.kind,
        run.source_name,
        run.status,
        run.reason,
        run.as_of,
        run.finished_at,
        run.fault_count,
        tuple(run.notes),
        files,
    )


def last_import_as_of(session: Session) -> datetime | None:
    """Return as of when the books stand that residents see, or None before the first folder."""
    return session.exec(
        select(ImportRun.as_of)
        .where(ImportRun.kind == "exchange", ImportRun.status == "done")
        .order_by(col(ImportRun.as_of).desc())
        .limit(1)
    ).first()


@dataclass(frozen=True)
class BatchRow:
    """A batch sent out. Totals in cents; `waiting` rows were not acknowledged yet."""

    batch_id: str
    business_date: date
    closed_at: datetime
    rows: int
    pay_total: int
    reverse_total: int
    waiting: int
    rejected: int


def batches(session: Session, actor: Actor, *, limit: int = 50) -> list[BatchRow]:
    """Return the latest batches, newest first. Raises NotAllowed for others than staff."""
    _staff(actor)
    found = session.exec(
        select(PostingBatch).order_by(col(PostingBatch.business_date).desc()).limit(limit)
    ).all()
    ids = [batch.batch_id for batch in found]
    results: dict[str, list[str]] = {batch_id: [] for batch_id in ids}
    for batch_id, result in session.exec(
        select(PostingRow.batch_id, PostingRow.result).where(col(PostingRow.batch_id).in_(ids))
    ):
        results[batch_id].append(result)
    return [
        BatchRow(
            batch.batch_id,
            batch.business_date,
            batch.closed_at,
            batch.row_count,
            batch.pay_total_cents,
            batch.reverse_total_cents,
            results[batch.batch_id].count(""),
            results[batch.batch_id].count("REJECTED"),
        )
        for batch in found
    ]
