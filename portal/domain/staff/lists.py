"""Lists that staff work through: payments, imports, messages; each by page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, select, true
from sqlmodel import Session, col

from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.payments.states import IN_DOUBT, LIVE
from portal.domain.staff.policy import require_staff
from portal.domain.staff.records import MessageRow, PaymentRow, messages, payment_rows, task_said
from portal.kit.errors import NotFound
from portal.kit.ids import parse_id
from portal.kit.paging import PAGE, Paged, last_page, page_of
from portal.kit.text import N_, _
from portal.models.exchange import ImportFault, ImportRun
from portal.models.outbox import Mail
from portal.models.payments import Payment, PaymentEvent, StaffTask

PAYMENT_STATUSES = (
    "confirming",
    "requires_action",
    "processing",
    "succeeded",
    "failed",
    "canceled",
)
MAIL_STATUSES = ("failed", "waiting", "sent")


@dataclass(frozen=True)
class EventRow:
    """A step of a payment's chain of states."""

    at: datetime
    before: str
    after: str
    source: str
    detail: str


@dataclass(frozen=True)
class TaskLeft:
    """Something about a payment that a person has not done yet."""

    kind: str
    detail: str


@dataclass(frozen=True)
class PaymentPage:
    """One payment with its chain of states."""

    payment: PaymentRow
    processor_ref: str
    effective: date
    live: bool
    in_doubt: bool
    tasks: tuple[TaskLeft, ...]
    events: tuple[EventRow, ...]


@dataclass(frozen=True)
class ImportRow:
    """A run of an importer. `rows` are all rows or readings that it saw."""

    run_id: UUID
    kind: str
    source: str
    status: str
    at: datetime
    as_of: datetime | None
    rows: int
    faults: int
    reason: str


@dataclass(frozen=True)
class CountRow:
    """What one file brought, each figure by its name."""

    file: str
    figures: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class FaultRow:
    """A row at fault."""

    file: str
    line: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class ImportPage:
    """One run with its counts and a page of its rows at fault."""

    run: ImportRow
    notes: tuple[str, ...]
    counts: tuple[CountRow, ...]
    faults: Paged[FaultRow]


def payments(
    session: Session, actor: Actor, status: str = "", page_claim: object = "1"
) -> Paged[PaymentRow]:
    """Return the payments of a status, or all; those in doubt stand first."""
    require_staff(actor)
    which = col(Payment.status) == status if status in PAYMENT_STATUSES else true()
    total = session.execute(select(func.count()).select_from(Payment).where(which)).scalar_one()
    page = min(page_of(page_claim), last_page(total))
    doubt = case((col(Payment.status).in_(IN_DOUBT), 0), else_=1)
    rows = payment_rows(session, actor, which, PAGE, (page - 1) * PAGE, doubt)
    return Paged(rows, page, last_page(total), total)


def payment(session: Session, actor: Actor, claim: object) -> PaymentPage:
    """Return one payment and note who looked. Raises NotFound."""
    require_staff(actor)
    payment_id = parse_id(claim)
    found = session.get(Payment, payment_id) if payment_id is not None else None
    if found is None:
        raise NotFound(N_("No payment is known by that address."))
    audit.record(
        session, actor, "staff.view_payment", payment_id=found.id, subject_user_id=found.user_id
    )
    (row,) = payment_rows(session, actor, col(Payment.id) == found.id, 1, 0)
    events = session.scalars(
        select(PaymentEvent)
        .where(col(PaymentEvent.payment_id) == found.id)
        .order_by(col(PaymentEvent.at), col(PaymentEvent.id))
    ).all()
    tasks = session.scalars(
        select(StaffTask)
        .where(col(StaffTask.payment_id) == found.id, col(StaffTask.done_at).is_(None))
        .order_by(col(StaffTask.created_at), col(StaffTask.id))
    ).all()
    return PaymentPage(
        row,
        found.processor_ref or "",
        found.effective_date,
        found.status in LIVE,
        found.status in IN_DOUBT,
        tuple(TaskLeft(task.kind, task_said(task, actor)) for task in tasks),
        tuple(
            EventRow(event.at, event.from_status, event.to_status, event.source, event.detail)
            for event in events
            if event.at is not None
        ),
    )


def imports(session: Session, actor: Actor, page_claim: object = "1") -> Paged[ImportRow]:
    """Return the importers' runs, newest first."""
    require_staff(actor)
    total = session.execute(select(func.count()).select_from(ImportRun)).scalar_one()
    page = min(page_of(page_claim), last_page(total))
    runs = session.scalars(
        select(ImportRun)
        .order_by(
            col(ImportRun.started_at).desc(), col(ImportRun.source_name).desc(), col(ImportRun.id)
        )
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    return Paged(tuple(import_row(run) for run in runs), page, last_page(total), total)


def import_run(
    session: Session, actor: Actor, claim: object, page_claim: object = "1"
) -> ImportPage:
    """Return one run with its counts and rows at fault. Raises NotFound."""
    require_staff(actor)
    run_id = parse_id(claim)
    run = session.get(ImportRun, run_id) if run_id is not None else None
    if run is None:
        raise NotFound(N_("No import is known by that address."))
    mine = col(ImportFault.import_run_id) == run.id
    total = session.execute(select(func.count()).select_from(ImportFault).where(mine)).scalar_one()
    page = min(page_of(page_claim), last_page(total))
    faults = session.scalars(
        select(ImportFault)
        .where(mine)
        .order_by(col(ImportFault.file_name), col(ImportFault.line), col(ImportFault.id))
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    return ImportPage(
        import_row(run),
        tuple(_(message, **params) for message, params in run.notes),
        tuple(
            CountRow(name, tuple((figure, int(n)) for figure, n in counts.items()))
            for name, counts in sorted(run.counts.items())
        ),
        Paged(
            tuple(
                FaultRow(
                    fault.file_name,
                    fault.line,
                    fault.column_name,
                    fault.value,
                    _(fault.message, **fault.params),
                )
                for fault in faults
            ),
            page,
            last_page(total),
            total,
        ),
    )


def import_row(run: ImportRun) -> ImportRow:
    """Return what the lists show of a run."""
    rows = sum(int(counts.get("rows", 0)) for counts in run.counts.values())
    faults = run.fault_count or sum(int(c.get("faults", 0)) for c in run.counts.values())
    return ImportRow(
        run.id,
        run.kind,
        run.source_name,
        run.status,
        run.started_at,
        run.as_of,
        rows,
        faults,
        _(run.reason, **run.reason_params) if run.reason else "",
    )


def outbox(
    session: Session, actor: Actor, status: str = "", page_claim: object = "1"
) -> Paged[MessageRow]:
    """Return messages of a status, or all, newest first."""
    require_staff(actor)
    which = col(Mail.status) == status if status in MAIL_STATUSES else true()
    total = session.execute(select(func.count()).select_from(Mail).where(which)).scalar_one()
    page = min(page_of(page_claim), last_page(total))
    rows = messages(session, actor, which, PAGE, (page - 1) * PAGE)
    return Paged(rows, page, last_page(total), total)


def stale_payments(session: Session, actor: Actor, now: datetime) -> tuple[PaymentRow, ...]:
    """Return the payments that have been in doubt for more than ten minutes."""
    old = (col(Payment.status).in_(IN_DOUBT)) & (
        col(Payment.created_at) < now - timedelta(minutes=10)
    )
    return payment_rows(session, actor, old, 20, 0)
