"""Bill Delivery Preference: choose, check the answer, confirm; then where the change stands."""

from dataclasses import dataclass

from portal.cities import city
from portal.domain.requests import delivery
from portal.kit.clock import local_date, utc_now
from portal.kit.text import _, day
from portal.state.base import RESIDENT, PortalState, handler, loader


@dataclass(frozen=True)
class DeliveryChangeRow:
    """A change that was recorded, and where it stands."""

    day: str = ""
    old: str = ""
    new: str = ""
    status: str = ""
    tone: str = ""


class DeliveryState(PortalState):
    """The page's account, the step the resident is at and the changes so far."""

    account: str = ""
    account_no: str = ""
    service_address: str = ""
    email: str = ""
    current: str = ""
    wanted: str = ""
    may_change: bool = False
    changes: list[DeliveryChangeRow] = []
    step: str = "choose"
    way: str = ""
    way_words: str = ""
    by_email: bool = False

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show how bills of the account named in the address reach the resident."""
        self.step, self.way = "choose", ""
        await self._read(self._query("account"))

    @handler(RESIDENT)
    async def check(self, form: dict[str, str]) -> None:
        """Look at what was chosen, and show it to be confirmed."""
        way, consent = form.get("way", ""), form.get("consent", "") == "on"
        self.way = way if way in delivery.WAYS else ""
        known = await self._ask(delivery.delivery, self.account, utc_now())
        delivery.demand_change(known, way, consent=consent)
        self.way_words, self.by_email = city().delivery.word(way), way != "MAIL"
        self.step = "check"

    @handler(RESIDENT)
    async def change_answer(self) -> None:
        """Go back to the choice, which is kept."""
        self.step = "choose"

    @handler(RESIDENT)
    async def confirm(self) -> None:
        """Record the change."""
        # Consent was given on the step before; without it that step is not passed.
        consent = self.step == "check"
        await self._ask(
            delivery.change_delivery, self.account, self.way, consent=consent, now=utc_now()
        )
        self.step, self.way = "choose", ""
        await self._read(self.account)
        self.notice = _("Your change was received. We sent you an email that confirms it.")

    async def _read(self, account: str) -> None:
        known = await self._ask(delivery.delivery, account, utc_now())
        words = city().delivery
        self.account, self.account_no = str(known.account_id), known.account_no
        self.service_address, self.email = known.service_address, known.email
        self.current, self.wanted = words.word(known.current), known.wanted
        self.may_change = known.may_change
        self.changes = [_row(change) for change in known.changes]


def _row(change: delivery.Change) -> DeliveryChangeRow:
    words = city().delivery
    status, tone = {
        "received": (_("Received"), "quiet"),
        "sent": (_("Sent to the billing office"), "quiet"),
        "in_effect": (_("In effect"), "good"),
    }[change.status]
    return DeliveryChangeRow(
        day=day(local_date(change.consented_at, city().zone)),
        old=words.word(change.old),
        new=words.word(change.new),
        status=status,
        tone=tone,
    )
