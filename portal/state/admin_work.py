"""The work list: what waits for a person."""

from dataclasses import dataclass

from portal.domain.staff import work
from portal.kit.clock import utc_now
from portal.kit.text import N_, _
from portal.state.admin_views import (
    ImportLine,
    MessageLine,
    PaymentLine,
    import_line,
    message_line,
    payment_line,
    when,
)
from portal.state.base import ADMINISTRATOR, STAFF, PortalState, handler, loader

TASK_WORDS = {
    "mail_failed": N_("A message could not be sent"),
    "excess": N_("More was paid than the bill needed"),
    "late_money": N_("Money came for a payment that was given up"),
    "unknown_money": N_("Money came that belongs to no payment of ours"),
    "processor_mismatch": N_("The processor says something else than we do"),
    "in_doubt": N_("A payment could not be settled for an hour"),
    "ledger_differs": N_("The processor has another amount than our books"),
    "money_moved_elsewhere": N_("Money moved at the processor without us"),
    "not_at_processor": N_("A booked payment is not at the processor"),
    "card_page": N_("The card page is not as it should be"),
    "posting_rejected": N_("The billing system refused a posting"),
    "posting_partial": N_("The billing system posted a part"),
    "unknown_portal_payment": N_("The billing system names a payment that is not ours"),
    "booked_otherwise": N_("The billing system booked another amount or bill"),
    "not_booked": N_("The billing system has not booked a posting"),
}


@dataclass(frozen=True)
class TaskLine:
    """A task."""

    id: str = ""
    at: str = ""
    kind: str = ""
    detail: str = ""
    payment: str = ""


class AdminWorkState(PortalState):
    """The staff's first page."""

    tasks: list[TaskLine] = []
    tasks_total: int = 0
    in_doubt: list[PaymentLine] = []
    refused: list[ImportLine] = []
    failed: list[MessageLine] = []
    requests: int = 0
    last_exchange: ImportLine = ImportLine()
    last_usage: ImportLine = ImportLine()
    nothing: bool = False
    may_act: bool = False

    @loader(STAFF)
    async def load(self) -> None:
        """Show what waits."""
        self._draw(await self._ask(work.work_list, utc_now()))

    @handler(ADMINISTRATOR)
    async def finish(self, task_id: str) -> None:
        """Take a task off the list."""
        await self._ask(work.finish_task, task_id, utc_now())
        self._draw(await self._ask(work.work_list, utc_now()))
        self.notice = _("Done. The task is off the list.")

    def _draw(self, found: work.WorkList) -> None:
        self.tasks = [
            TaskLine(
                str(task.task_id),
                when(task.at),
                _(TASK_WORDS.get(task.kind, task.kind)),
                task.detail,
                str(task.payment_id or ""),
            )
            for task in found.tasks
        ]
        self.tasks_total, self.requests = found.tasks_total, found.requests
        self.in_doubt = [payment_line(row) for row in found.in_doubt]
        self.refused = [import_line(row) for row in found.refused]
        self.failed = [message_line(row) for row in found.failed_mails]
        self.last_exchange, self.last_usage = (
            import_line(run) if run else ImportLine()
            for run in (found.last_exchange, found.last_usage)
        )
        lists = (self.tasks, self.in_doubt, self.refused, self.failed)
        self.nothing = not any(lists) and not self.requests
        self.may_act = self._actor().role == "administrator"
