"""My Notifications: a daily threshold, who hears of it, and how often it would have alerted."""

from dataclasses import dataclass

from portal.cities import city
from portal.domain.alerts import operations, queries, rules
from portal.domain.alerts.rules import BadNotification, Rehearsal
from portal.kit.clock import utc_now
from portal.kit.text import N_, _, day, ngettext, number
from portal.state.base import RESIDENT, PortalState, handler, loader


@dataclass(frozen=True)
class SuggestionRow:
    """A threshold that suits this household, and how often it would have alerted."""

    gallons: str = ""
    alerts: str = ""


class NotificationState(PortalState):
    """My Notifications of one account."""

    account: str = ""
    account_no: str = ""
    cid: str = ""
    threshold: str = ""
    suspended: bool = False
    email_1: str = ""
    email_2: str = ""
    email_3: str = ""
    average: str = ""
    suggestions: list[SuggestionRow] = []
    rehearsal: str = ""
    freshness: str = ""
    has_meter: bool = True
    moved_out: bool = False
    is_saved: bool = False

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show what is saved, the guideline and what would suit."""
        self.account = self._query("account")
        self._draw(
            await self._ask(queries.notification, self.account, zone=city().zone, now=utc_now())
        )

    @handler(RESIDENT)
    async def rehearse(self, typed: str) -> None:
        """Say how often the value being typed would have alerted."""
        try:
            found = await self._ask(
                queries.rehearsal, self.account, typed, zone=city().zone, now=utc_now()
            )
        except BadNotification:
            self.rehearsal = ""  # half typed; Save says what is wrong with it
        else:
            self.rehearsal = _rehearsal(found)

    @handler(RESIDENT)
    async def save(self, form: dict[str, str]) -> None:
        """Keep what was typed."""
        await self._ask(
            operations.save,
            self.account,
            threshold=form.get("threshold", ""),
            emails=[form.get(f"email_{n}", "") for n in range(1, rules.EMAILS + 1)],
            suspended=form.get("suspend", "") not in ("", "false", "False"),
            zone=city().zone,
            now=utc_now(),
        )
        self._draw(
            await self._ask(queries.notification, self.account, zone=city().zone, now=utc_now())
        )
        self.notice = _(_SAVED[self.suspended])

    def _draw(self, view: queries.NotificationView) -> None:
        self.account_no, self.cid = view.account_no, view.cid
        self.threshold = "" if view.threshold is None else str(view.threshold)
        self.is_saved = view.threshold is not None
        self.suspended = view.suspended
        addresses = [*view.emails, "", "", ""]
        self.email_1, self.email_2, self.email_3 = addresses[:3]
        self.average = "" if view.average_30 is None else number(view.average_30)
        self.suggestions = [
            SuggestionRow(number(gallons), _alerts(found)) for gallons, found in view.suggestions
        ]
        self.rehearsal = _rehearsal(view.rehearsal) if view.rehearsal else ""
        self.freshness = _("Data through %(day)s.", day=day(view.through)) if view.through else ""
        self.has_meter, self.moved_out = view.has_meter, view.moved_out


_SAVED = {
    False: N_("Saved. We will write to you when a day's use is higher than your threshold."),
    True: N_("Saved. Your notifications are suspended."),
}


def _alerts(found: Rehearsal) -> str:
    return ngettext("%(n)s alert", "%(n)s alerts", found.days_over)


def _rehearsal(found: Rehearsal) -> str:
    if not found.days_known:
        return _("There are no readings yet to try this value on.")
    words = ngettext(
        "In the last 90 days this value would have sent you %(n)s alert.",
        "In the last 90 days this value would have sent you %(n)s alerts.",
        found.days_over,
    )
    if found.days_known >= rules.REHEARSED_DAYS - 5:
        return words
    return (
        words
        + " "
        + ngettext(
            "Readings are known for %(n)s of those days.",
            "Readings are known for %(n)s of those days.",
            found.days_known,
        )
    )
