"""Request Change of Address: type, check the answers, send; then where the request stands."""

from dataclasses import dataclass

from portal.cities import city
from portal.domain.requests import address
from portal.kit.clock import local_date, utc_now
from portal.kit.text import N_, _, day
from portal.state.base import RESIDENT, PortalState, handler, loader

_FIELDS = ("addr1", "addr2", "city", "state", "zip", "note")
_STATUS = {
    "received": (N_("Received"), "quiet"),
    "approved": (N_("Approved"), "good"),
    "declined": (N_("Declined"), "bad"),
}


@dataclass(frozen=True)
class AddressRequestRow:
    """A request, what it would change and where it stands."""

    reference: str = ""
    day: str = ""
    status: str = ""
    tone: str = ""
    wished: str = ""
    reason: str = ""


class AddressState(PortalState):
    """The page's account, what was typed, and the requests so far."""

    account: str = ""
    account_no: str = ""
    service_address: str = ""
    lines: list[str] = []
    requests: list[AddressRequestRow] = []
    waiting: bool = False
    step: str = "type"
    typed: dict[str, str] = {}
    wished: list[str] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the address on file of the account named in the address, and the requests."""
        self.step = "type"
        self.typed = dict.fromkeys(_FIELDS, "")
        await self._read(self._query("account"))

    @handler(RESIDENT)
    async def check(self, form: dict[str, str]) -> None:
        """Look at what was typed, and show it to be confirmed."""
        self.typed = {name: form.get(name, "")[:600] for name in _FIELDS}
        page = await self._ask(address.address, self.account)
        self.wished = list(address.check_address(page, self.typed).lines())
        self.step = "check"

    @handler(RESIDENT)
    async def change_answers(self) -> None:
        """Go back to the form, which keeps what was typed."""
        self.step = "type"

    @handler(RESIDENT)
    async def send(self) -> None:
        """Record the request."""
        made = await self._ask(
            address.request_address, self.account, dict(self.typed), now=utc_now()
        )
        self.step, self.typed = "type", dict.fromkeys(_FIELDS, "")
        await self._read(self.account)
        self.notice = _(
            "Your request %(reference)s was received. We sent you an email that confirms it.",
            reference=made.reference,
        )

    async def _read(self, account: str) -> None:
        page = await self._ask(address.address, account)
        self.account, self.account_no = str(page.account_id), page.account_no
        self.service_address = page.service_address
        self.lines = list(page.now.lines())
        self.requests = [_row(request) for request in page.requests]
        self.waiting = page.waiting is not None


def _row(request: address.AddressRequest) -> AddressRequestRow:
    words, tone = _STATUS[request.status]
    return AddressRequestRow(
        reference=request.reference,
        day=day(local_date(request.requested_at, city().zone)),
        status=_(words),
        tone=tone,
        wished=", ".join(new for _name, _old, new in request.changed if new),
        reason=request.reason,
    )
