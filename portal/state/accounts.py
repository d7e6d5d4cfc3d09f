"""Search Results and the Accounts page: what is linked to the sign-in."""

from typing import Any

import reflex as rx

from portal import routes
from portal.domain.accounts import operations, queries
from portal.kit.clock import utc_now
from portal.kit.text import _, ngettext
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.linked import HolderRow, LinkedRow, row


class SearchResultsState(PortalState):
    """What the search found: the account it named, or everything that is linked."""

    rows: list[LinkedRow] = []
    found: str = ""
    account: str = ""

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the account in the address, or all of them."""
        linked = await self._ask(queries.linked)
        wanted = self._query("account")
        shown = [one for one in linked if not wanted or str(one.account_id) == wanted]
        self.rows = [row(one) for one in shown]
        self.account = wanted if shown else ""
        self.found = ngettext("%(n)s found", "%(n)s found", len(shown))


class AccountsState(PortalState):
    """The linked accounts, who else has them, and the removal of a link in two steps."""

    rows: list[LinkedRow] = []
    # The link that the address asks to remove: one's own, or another holder's.
    removing: str = ""
    removing_account: str = ""
    removing_person: str = ""

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the linked accounts; `remove=` in the address asks before it removes."""
        self._draw(await self._ask(queries.linked))

    @handler(RESIDENT)
    async def remove(self) -> Any:
        """Remove the link that the page asked about."""
        await self._ask(operations.remove, self.removing, utc_now())
        self.removing = ""
        self.rows = [row(one) for one in await self._ask(queries.linked)]
        self.notice = _("The link is removed.")
        return rx.redirect(routes.link(routes.ACCOUNTS, done="removed"))

    def _draw(self, linked: list[queries.LinkedAccount]) -> None:
        self.rows = [row(one) for one in linked]
        wanted, found = self._query("remove"), (LinkedRow(), HolderRow())
        for one in self.rows:
            for other in (HolderRow(one.link_id), *(h for h in one.others if h.removable)):
                if wanted and other.link_id == wanted:
                    found = (one, other)
        self.removing, self.removing_person = found[1].link_id, found[1].email
        self.removing_account = f"{found[0].account_no}, {found[0].address}"
        if self._query("done") == "removed":
            self.notice = _("The link is removed.")
