"""Finding a customer."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes, secret
from portal.domain.staff import search
from portal.kit.text import _
from portal.state.admin_views import on
from portal.state.base import STAFF, PortalState, handler, loader


@dataclass(frozen=True)
class FoundLine:
    """A customer's time at a place."""

    id: str = ""
    name: str = ""
    cid: str = ""
    account: str = ""
    address: str = ""
    stay: str = ""
    sign_ins: str = ""


@dataclass(frozen=True)
class SignInLine:
    """A sign-in without a link."""

    id: str = ""
    email: str = ""
    name: str = ""
    status: str = ""


class AdminCustomersState(PortalState):
    """The search."""

    typed: str = ""
    # The same words as they stand in a link.
    encoded: str = ""
    rows: list[FoundLine] = []
    sign_ins: list[SignInLine] = []
    total: int = 0
    page: int = 1
    last: int = 1

    @loader(STAFF)
    async def load(self) -> None:
        """Show what the URL's words find."""
        self.typed = self._searched("q")
        self.encoded = secret.conceal(self.typed)
        found = await self._ask(search.find, self.typed, self._query("page"))
        self.rows = [_line(row) for row in found.tenures.rows]
        self.sign_ins = [
            SignInLine(str(one.user_id), one.email, one.name, sign_in_word(one.status))
            for one in found.sign_ins
        ]
        self.total = found.tenures.total
        self.page, self.last = found.tenures.page, found.tenures.last

    @handler(STAFF)
    async def search(self, form: dict[str, str]) -> Any:
        """Put the words into the URL, so that the list can be kept, shared and gone back to."""
        words = secret.conceal(form.get("q", "").strip()[:200])
        return rx.redirect(routes.link(routes.ADMIN_CUSTOMERS, q=words))


def sign_in_word(status: str) -> str:
    """Write the status of a sign-in."""
    return {
        "unverified": _("Waiting for activation"),
        "active": _("Active"),
        "closed": _("Closed"),
    }[status]


def _line(row: search.Found) -> FoundLine:
    stay = (
        _("%(start)s to %(stop)s", start=on(row.start), stop=on(row.stop))
        if row.stop
        else _("since %(day)s", day=on(row.start))
    )
    return FoundLine(
        str(row.customer_id),
        row.name,
        row.cid,
        row.account_no,
        row.service_address,
        stay,
        str(row.sign_ins or ""),
    )
