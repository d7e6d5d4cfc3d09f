"""Putting work in the queue, inside the transaction that causes it."""

import json
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, 0, :lock, :once, "
    "CAST(:args AS jsonb), :at)::procrastinate_job_to_defer_v1])"
)


def defer(
    session: Session,
    task_name: str,
    *,
    at: datetime | None = None,
    lock: str | None = None,
    **args: str | int | bool | None,
) -> None:
    """Queue the task `task_name` ("outbox.send") with JSON arguments; it runs only if we commit.

    `at` waits until then; jobs with the same `lock` never run at the same time. A job may run
    twice: every task is idempotent.
    """
    # Not session.execute through the ORM's result: psycopg needs a typed NULL for the time.
    session.connection().execute(
        _DEFER,
        {
            "queue": "default",
            "task": task_name,
            "lock": lock,
            "once": None,
            "args": json.dumps(args),
            "at": at,
        },
    )
