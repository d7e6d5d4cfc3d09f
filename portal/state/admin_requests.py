"""Requests for a change of address, decided by administrators."""

from dataclasses import dataclass

from portal.domain.requests import address, numbers
from portal.domain.requests.address import StaffRequest
from portal.kit.clock import utc_now
from portal.kit.text import N_, _
from portal.state.admin_views import when
from portal.state.base import ADMINISTRATOR, STAFF, PortalState, handler, loader

_FIELDS = {
    "addr1": N_("Address"),
    "addr2": N_("Address, second line"),
    "city": N_("City"),
    "state": N_("State"),
    "zip": N_("Zip"),
}


_WAYS = {
    "mail": N_("Mail them to the service address"),
    "call": N_("Call the phone number on file"),
}


@dataclass(frozen=True)
class ChangeLine:
    """One field, before and after."""

    field: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class RequestCard:
    """A request to decide."""

    id: str = ""
    reference: str = ""
    at: str = ""
    name: str = ""
    # Lead to the customer, and to the sign-in that asked.
    customer: str = ""
    user: str = ""
    cid: str = ""
    account: str = ""
    place: str = ""
    by: str = ""
    note: str = ""
    changes: list[ChangeLine] = ()  # type: ignore[assignment]


@dataclass(frozen=True)
class NumbersCard:
    """Somebody who asks for the two numbers."""

    id: str = ""
    reference: str = ""
    at: str = ""
    name: str = ""
    place: str = ""
    way: str = ""
    by: str = ""


class AdminRequestsState(PortalState):
    """What residents ask to change."""

    rows: list[RequestCard] = []
    numbers: list[NumbersCard] = []
    may_act: bool = False

    @loader(STAFF)
    async def load(self) -> None:
        """Show what waits, oldest first."""
        await self._draw()

    @handler(ADMINISTRATOR)
    async def approve(self, request_id: str) -> None:
        """Approve a request: it leaves with the next files for the billing system."""
        await self._ask(address.approve, request_id, now=utc_now())
        await self._draw()
        self.notice = _("Approved. The change goes to the billing system with the next files.")

    @handler(ADMINISTRATOR)
    async def decline(self, form: dict[str, str]) -> None:
        """Decline a request with a reason."""
        claim = form.get("id", "")
        reason = form.get(f"reason-{claim}", "")
        await self._ask(address.decline, claim, reason, now=utc_now())
        await self._draw()
        self.notice = _("Declined. The resident is told why by email.")

    @handler(ADMINISTRATOR)
    async def numbers_done(self, request_id: str) -> None:
        """Take a request for the numbers off the list."""
        await self._ask(numbers.done, request_id, now=utc_now())
        await self._draw()
        self.notice = _("Taken off the list.")

    async def _draw(self) -> None:
        self.rows = [_card(row) for row in await self._ask(address.waiting_requests)]
        self.numbers = [_numbers(row) for row in await self._ask(numbers.waiting)]
        self.may_act = self._actor().role == "administrator"


def _card(row: StaffRequest) -> RequestCard:
    asked = row.request
    return RequestCard(
        str(asked.request_id),
        asked.reference,
        when(asked.requested_at),
        row.name,
        str(row.customer_id),
        str(row.user_id),
        row.cid,
        row.account_no,
        row.service_address,
        row.requested_by,
        asked.note,
        [ChangeLine(_(_FIELDS.get(name, name)), old, new) for name, old, new in asked.changed],
    )


def _numbers(row: numbers.Waiting) -> NumbersCard:
    return NumbersCard(
        str(row.request_id),
        row.reference,
        when(row.requested_at),
        row.name,
        row.address,
        _(_WAYS[row.way]),
        row.requested_by,
    )
