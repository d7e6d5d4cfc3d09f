"""The work list: what a person at the city has to look at, most pressing first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.staff.lists import ImportRow, import_row, stale_payments
from portal.domain.staff.policy import require_administrator, require_staff
from portal.domain.staff.records import MessageRow, PaymentRow, messages, task_said
from portal.kit.errors import NotFound
from portal.kit.ids import parse_id
from portal.kit.text import N_
from portal.models.exchange import ContactRequest, ImportRun
from portal.models.identity import NumbersRequest
from portal.models.outbox import Mail
from portal.models.payments import StaffTask


@dataclass(frozen=True)
class TaskRow:
    """Something a part of the portal left for a person."""

    task_id: UUID
    at: datetime
    kind: str
    detail: str
    payment_id: UUID | None


@dataclass(frozen=True)
class WorkList:
    """What waits. `tasks_total` counts the tasks that the page does not show, too."""

    tasks: tuple[TaskRow, ...]
    tasks_total: int
    in_doubt: tuple[PaymentRow, ...]
    refused: tuple[ImportRow, ...]
    failed_mails: tuple[MessageRow, ...]
    requests: int
    last_exchange: ImportRow | None
    last_usage: ImportRow | None


def work_list(session: Session, actor: Actor, now: datetime) -> WorkList:
    """Return what waits for a person now: tasks, money in doubt, refusals, failures, requests."""
    require_staff(actor)
    open_task = col(StaffTask.done_at).is_(None)
    tasks = session.scalars(
        select(StaffTask)
        .where(open_task)
        .order_by(col(StaffTask.created_at).desc(), col(StaffTask.id))
        .limit(25)
    ).all()
    total = session.execute(
        select(func.count()).select_from(StaffTask).where(open_task)
    ).scalar_one()
    refused = session.scalars(
        select(ImportRun)
        .where(
            col(ImportRun.status) == "refused", col(ImportRun.started_at) > now - timedelta(days=14)
        )
        .order_by(col(ImportRun.started_at).desc(), col(ImportRun.id))
        .limit(10)
    ).all()
    requests = session.execute(
        select(
            select(func.count()).where(col(ContactRequest.status) == "received").scalar_subquery()
            + select(func.count()).where(col(NumbersRequest.done_at).is_(None)).scalar_subquery()
        )
    ).scalar_one()
    return WorkList(
        tuple(
            TaskRow(
                task.id,
                task.created_at or now,
                task.kind,
                task_said(task, actor),
                task.payment_id,
            )
            for task in tasks
        ),
        total,
        stale_payments(session, actor, now),
        tuple(import_row(run) for run in refused),
        messages(session, actor, col(Mail.status) == "failed", 10),
        requests,
        _newest(session, "exchange"),
        _newest(session, "usage"),
    )


def finish_task(session: Session, actor: Actor, claim: object, now: datetime) -> None:
    """Note that a task is done, and by whom. Raises NotAllowed, NotFound."""
    require_administrator(actor)
    task_id = parse_id(claim)
    task = session.get(StaffTask, task_id, with_for_update=True) if task_id is not None else None
    if task is None or task.done_at is not None:
        raise NotFound(N_("That task is done already."))
    task.done_at, task.done_by = now, actor.user_id
    session.add(task)
    audit.record(
        session, actor, "staff.task_done", payment_id=task.payment_id, reference=task.reference
    )


def _newest(session: Session, kind: str) -> ImportRow | None:
    run = session.scalars(
        select(ImportRun)
        .where(col(ImportRun.kind) == kind, col(ImportRun.status) == "done")
        .order_by(
            col(ImportRun.started_at).desc(), col(ImportRun.source_name).desc(), col(ImportRun.id)
        )
        .limit(1)
    ).first()
    return import_row(run) if run is not None else None
