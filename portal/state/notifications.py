"""My Notifications: a daily threshold, who hears of it, and how often it would have alerted."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.cities import city
from portal.domain.alerts import operations, queries, rules
from portal.domain.alerts.addresses import Address, AddressStatus
from portal.domain.alerts.rules import BadNotification, Rehearsal
from portal.kit.clock import utc_now
from portal.kit.text import N_, _, day, moment, ngettext, number
from portal.state.base import RESIDENT, PortalState, handler, loader


@dataclass(frozen=True)
class SuggestionRow:
    """A threshold that suits this household, and how often it would have alerted."""

    gallons: str = ""
    alerts: str = ""


@dataclass(frozen=True)
class AddressRow:
    """A field Email 1 to 3: what is saved in it, and what the address has said."""

    email: str = ""
    word: str = ""
    tone: str = ""
    note: str = ""
    send: str = ""  # the words of the button that sends the question, "" for none
    can_start: bool = False


class NotificationState(PortalState):
    """My Notifications of one account."""

    account: str = ""
    account_no: str = ""
    cid: str = ""
    threshold: str = ""
    suspended: bool = False
    email_1: AddressRow = AddressRow()
    email_2: AddressRow = AddressRow()
    email_3: AddressRow = AddressRow()
    average: str = ""
    suggestions: list[SuggestionRow] = []
    rehearsal: str = ""
    freshness: str = ""
    has_meter: bool = True
    moved_out: str = ""  # why no alert can be set, "" for one who lives there
    ended: bool = False
    just_saved: bool = False

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show what is saved, the guideline and what would suit."""
        self.account = self._query("account")
        await self._look()

    @handler(RESIDENT, aside=True)
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
        asked = await self._ask(
            operations.save,
            self.account,
            threshold=form.get("threshold", ""),
            emails=[form.get(f"email_{n}", "") for n in range(1, rules.EMAILS + 1)],
            suspended=form.get("suspend", "") not in ("", "false", "False"),
            zone=city().zone,
            now=utc_now(),
        )
        await self._look()
        self.just_saved = True
        self.notice = " ".join([_(_SAVED[self.suspended]), *([_asked(asked)] if asked else [])])

    @handler(RESIDENT)
    async def send_again(self, email: str) -> None:
        """Send a saved address the question once more."""
        await self._ask(operations.ask_again, self.account, email, zone=city().zone, now=utc_now())
        await self._look()
        self.notice = _asked([email])

    @handler(RESIDENT)
    async def start_own(self) -> None:
        """Write to the resident's own address again, which stopped from a mail."""
        await self._ask(operations.start_own, self.account)
        await self._look()
        self.notice = _("Alerts go to your own address again.")

    async def _look(self) -> None:
        self._draw(
            await self._ask(queries.notification, self.account, zone=city().zone, now=utc_now())
        )

    def _draw(self, view: queries.NotificationView) -> None:
        self.account_no, self.cid = view.account_no, view.cid
        self.threshold = "" if view.threshold is None else str(view.threshold)
        self.suspended = view.suspended
        rows = [*map(_address, view.addresses), AddressRow(), AddressRow(), AddressRow()]
        self.email_1, self.email_2, self.email_3 = rows[:3]
        self.average = "" if view.average_30 is None else number(view.average_30)
        self.suggestions = [
            SuggestionRow(number(gallons), _alerts(found)) for gallons, found in view.suggestions
        ]
        self.rehearsal = _rehearsal(view.rehearsal) if view.rehearsal else ""
        self.freshness = _("Data through %(day)s.", day=day(view.through)) if view.through else ""
        self.has_meter, self.moved_out = view.has_meter, _moved_out(view)
        self.ended, self.just_saved = view.ended, False


def _moved_out(view: queries.NotificationView) -> str:
    if view.lives_there:
        return ""
    if view.left_on is None:
        return _("You no longer have service at this address, so alerts have ended.")
    return _(
        "Your service at this address ended on %(day)s, so alerts have ended.",
        day=day(view.left_on),
    )


_SAVED = {
    False: N_("Saved. We will write to you when a day's use is higher than your threshold."),
    True: N_("Saved. Your notifications are suspended."),
}


def _address(address: Address) -> AddressRow:
    word, tone, send = _STANDING[address.status]
    note = ""
    if address.status is AddressStatus.STOPPED and not address.own:
        note = _("Only its owner can start them again, with the link in any of our messages.")
    if address.status is AddressStatus.WAITING and address.asked_at is not None:
        note = _("Message sent %(when)s.", when=moment(address.asked_at, city().zone))
    if address.own and address.status is AddressStatus.CONFIRMED:
        note = _("The address you sign in with.")
    return AddressRow(
        email=address.email,
        word=_(word),
        tone=tone,
        note=note,
        send=_(send) if send else "",
        can_start=address.own and address.status is AddressStatus.STOPPED,
    )


_STANDING = {
    AddressStatus.CONFIRMED: (N_("Confirmed"), "good", ""),
    AddressStatus.WAITING: (N_("Waiting for confirmation"), "warn", N_("Send again")),
    AddressStatus.EXPIRED: (N_("Not confirmed in 7 days"), "warn", N_("Send again")),
    AddressStatus.UNASKED: (N_("Not asked yet"), "quiet", N_("Send the message")),
    AddressStatus.STOPPED: (N_("Stopped from a message"), "quiet", ""),
}


def _asked(emails: Sequence[str]) -> str:
    return _(
        "We sent a message to %(emails)s. Alerts go there once the link in it is confirmed.",
        emails=", ".join(emails),
    )


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
