"""Who looked at my account: the log that a resident reads, narrowed in the URL."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.domain.audit import queries
from portal.kit.errors import DomainError, NotFound
from portal.kit.text import moment, ngettext, number
from portal.state.base import RESIDENT, PortalState, handler, loader


@dataclass(frozen=True)
class EventRow:
    """One thing that was done; `place` is the browser and the network, as far as they are noted."""

    at: str = ""
    said: str = ""
    account_no: str = ""
    place: str = ""


@dataclass(frozen=True)
class PlaceRow:
    """An account that the log can be narrowed to."""

    id: str = ""
    name: str = ""


class ActivityState(PortalState):
    """The log."""

    rows: list[EventRow] = []
    places: list[PlaceRow] = []
    show: str = ""
    account: str = ""
    begin: str = ""
    end: str = ""
    total: str = ""
    page: int = 1
    last: int = 1
    # This page's address without the number of its page, and the file of the same rows.
    here: str = ""
    file: str = ""

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show what the URL asks for."""
        asked = [self._query(name) for name in ("show", "account", "begin", "end")]
        page = self._query("page")
        try:
            found = await self._ask(queries.activity, *asked, page)
        except NotFound:
            raise
        except DomainError as refused:
            # All days are shown all the same, with what was wrong above them.
            asked[2:] = ["", ""]
            found = await self._ask(queries.activity, *asked, page)
            self._show(refused)
        self._draw(found, asked)

    @handler(RESIDENT)
    async def narrow(self, form: dict[str, str]) -> Any:
        """Go to what was asked for: it stands in the URL."""
        begin, end = form.get("begin", "").strip(), form.get("end", "").strip()
        queries.read_days(begin, end)
        show, account = form.get("show", ""), form.get("account", "")
        return rx.redirect(
            routes.link(routes.SETTINGS_ACTIVITY, show=show, account=account, begin=begin, end=end)
        )

    def _draw(self, found: queries.Activity, asked: list[str]) -> None:
        show, self.account, self.begin, self.end = asked
        self.show = show if show in queries.SHOWN else ""
        self.rows = [_row(one) for one in found.events]
        self.places = [
            PlaceRow(str(account_id), f"{account_no}, {address}")
            for account_id, account_no, address in found.places
        ]
        self.total, self.page, self.last = entries(found.total), found.page, found.last
        query = {"show": self.show, "account": self.account, "begin": self.begin, "end": self.end}
        self.here = routes.link(routes.SETTINGS_ACTIVITY, **query)
        self.file = routes.link(routes.DOCUMENT_ACTIVITY, **query)


def _row(one: queries.Event) -> EventRow:
    place = ", ".join(filter(None, (one.browser, one.network)))
    return EventRow(moment(one.at, city().zone), one.said, one.account_no, place)


def entries(n: int) -> str:
    """Write how many lines a log has: "1,234 entries"."""
    return ngettext("%(count)s entry", "%(count)s entries", n, count=number(n))
