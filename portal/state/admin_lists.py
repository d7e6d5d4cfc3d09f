"""Payments, imports and messages, by page and by status, with all of it in the URL."""

from dataclasses import dataclass

from portal.domain.payments.desk import at_counter
from portal.domain.staff import doubts, lists, operations
from portal.kit.clock import utc_now
from portal.kit.text import N_, _, number
from portal.state.admin_views import (
    PAYMENT_WORDS,
    ImportLine,
    MessageLine,
    PaymentLine,
    import_line,
    message_line,
    on,
    payment_line,
    when,
)
from portal.state.admin_words import count_word, source_word
from portal.state.admin_work import TASK_WORDS, TaskLine
from portal.state.base import ADMINISTRATOR, STAFF, PortalState, handler, loader


@dataclass(frozen=True)
class EventLine:
    """A step of a payment."""

    at: str = ""
    status: str = ""
    tone: str = "quiet"
    source: str = ""
    detail: str = ""


@dataclass(frozen=True)
class CountLine:
    """What one file brought."""

    file: str = ""
    rows: str = ""
    new: str = ""
    changed: str = ""
    closed: str = ""
    skipped: str = ""
    more: str = ""


@dataclass(frozen=True)
class FaultLine:
    """A row at fault."""

    file: str = ""
    line: str = ""
    column: str = ""
    value: str = ""
    message: str = ""


_ANSWERS = {
    "confirming": N_("The processor has no final answer yet. Nothing was changed."),
    "requires_action": N_("The payer has not answered the bank's question yet."),
    "processing": N_("The payer's bank is sending the money."),
    "succeeded": N_("The processor says: paid. It is booked here."),
    "failed": N_("Nothing was paid. The resident can pay these bills again."),
    "canceled": N_("Nothing was paid. The resident can pay these bills again."),
}


class AdminPaymentsState(PortalState):
    """Payments, those in doubt first; one payment's chain of states."""

    rows: list[PaymentLine] = []
    status: str = ""
    total: str = ""
    page: int = 1
    last: int = 1
    one: PaymentLine = PaymentLine()
    processor_ref: str = ""
    effective: str = ""
    # What a person has not done about it yet.
    tasks: list[TaskLine] = []
    may_ask: bool = False
    may_end: bool = False
    events: list[EventLine] = []

    @loader(STAFF)
    async def load(self) -> None:
        """Show a page of the list."""
        self.status = self._query("status")
        found = await self._ask(lists.payments, self.status, self._query("page"))
        self.rows = [payment_line(row) for row in found.rows]
        self.total, self.page, self.last = number(found.total), found.page, found.last

    @loader(STAFF)
    async def load_one(self) -> None:
        """Show one payment; the look is noted."""
        self._draw(await self._ask(lists.payment, self._query("id")))

    @handler(ADMINISTRATOR)
    async def ask_processor(self) -> None:
        """Ask the processor now where the payment stands."""
        status = await self._off_loop(doubts.ask, self._query("id"), at_counter())
        self._draw(await self._ask(lists.payment, self._query("id")))
        self.notice = _(_ANSWERS[status])

    @handler(ADMINISTRATOR)
    async def end_payment(self) -> None:
        """End a payment that cannot be settled and that the processor holds no money for."""
        status = await self._off_loop(doubts.end, self._query("id"), at_counter())
        self._draw(await self._ask(lists.payment, self._query("id")))
        self.notice = _(_ANSWERS[status])

    def _draw(self, found: lists.PaymentPage) -> None:
        acts = self._actor().role == "administrator"
        self.may_ask, self.may_end = acts and found.live, acts and found.in_doubt
        self.tasks = [
            TaskLine(kind=_(TASK_WORDS.get(task.kind, task.kind)), detail=task.detail)
            for task in found.tasks
        ]
        self.one = payment_line(found.payment)
        self.processor_ref, self.effective = found.processor_ref, on(found.effective)
        self.events = [
            EventLine(
                when(event.at),
                _(PAYMENT_WORDS.get(event.after, (event.after, ""))[0]),
                PAYMENT_WORDS.get(event.after, ("", "quiet"))[1],
                source_word(event.source),
                event.detail,
            )
            for event in found.events
        ]


class AdminImportsState(PortalState):
    """Runs of the importers; one run with its counts and rows at fault."""

    rows: list[ImportLine] = []
    page: int = 1
    last: int = 1
    one: ImportLine = ImportLine()
    run_id: str = ""
    notes: list[str] = []
    counts: list[CountLine] = []
    faults: list[FaultLine] = []

    @loader(STAFF)
    async def load(self) -> None:
        """Show a page of the list."""
        found = await self._ask(lists.imports, self._query("page"))
        self.rows = [import_line(row) for row in found.rows]
        self.page, self.last = found.page, found.last

    @loader(STAFF)
    async def load_one(self) -> None:
        """Show one run."""
        found = await self._ask(lists.import_run, self._query("id"), self._query("page"))
        self.one, self.run_id = import_line(found.run), str(found.run.run_id)
        self.notes = list(found.notes)
        self.counts = [_count(row) for row in found.counts]
        self.faults = [
            FaultLine(row.file, str(row.line), row.column, row.value, row.message)
            for row in found.faults.rows
        ]
        self.page, self.last = found.faults.page, found.faults.last


class AdminOutboxState(PortalState):
    """Messages, and sending one again."""

    rows: list[MessageLine] = []
    status: str = ""
    page: int = 1
    last: int = 1
    # Whether any of the rows can be sent again, by this member of the staff.
    may_retry: bool = False

    @loader(STAFF)
    async def load(self) -> None:
        """Show a page of the list."""
        await self._draw()

    @handler(ADMINISTRATOR)
    async def retry(self, mail_id: str) -> None:
        """Send a message again."""
        await self._ask(operations.retry_mail, mail_id, utc_now())
        await self._draw()
        self.notice = _("The message will be sent again within a minute.")

    async def _draw(self) -> None:
        self.status = self._query("status")
        found = await self._ask(lists.outbox, self.status, self._query("page"))
        self.rows = [message_line(row) for row in found.rows]
        self.page, self.last = found.page, found.last
        may_act = self._actor().role == "administrator"
        self.may_retry = may_act and any(row.may_retry for row in self.rows)


def _count(row: lists.CountRow) -> CountLine:
    figures = dict(row.figures)
    named = ("rows", "new", "changed", "closed", "skipped")
    more = [count_word(name, n) for name, n in figures.items() if name not in named and n]
    shown = {name: number(figures[name]) if name in figures else "" for name in named}
    return CountLine(file=row.file, more=", ".join(more), **shown)
