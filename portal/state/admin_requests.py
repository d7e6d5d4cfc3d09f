"""Requests for a change of address, decided by administrators."""

from dataclasses import dataclass

from portal.domain.requests import address
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


class AdminRequestsState(PortalState):
    """What residents ask to change."""

    rows: list[RequestCard] = []
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
        await self._ask(address.decline, form.get("id", ""), form.get("reason", ""), now=utc_now())
        await self._draw()
        self.notice = _("Declined. The resident is told why by email.")

    async def _draw(self) -> None:
        self.rows = [_card(row) for row in await self._ask(address.waiting_requests)]
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
