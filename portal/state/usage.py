"""The usage page: a range of an account's water use, chosen in the URL."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.domain.alerts import queries as alerts
from portal.domain.usage import queries, ranges
from portal.domain.usage.queries import UsageView
from portal.kit.clock import utc_now
from portal.kit.errors import DomainError, NotFound, read_all
from portal.kit.text import N_, _
from portal.state import usage_bars
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.usage_bars import BarRow, Scale


class UsageState(PortalState):
    """View Daily Usage."""

    account: str = ""
    account_no: str = ""
    cid: str = ""
    begin: str = ""
    end: str = ""
    grouping: str = "daily"
    bars: list[BarRow] = []
    axis: Scale = Scale()
    caption: str = ""
    sentence: str = ""
    freshness: str = ""
    left: str = ""
    average: str = ""
    total: str = ""
    unit: str = ""
    earlier: str = ""
    later: str = ""
    has_limit: bool = False
    is_billed: bool = False

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the range that the URL names."""
        self.account = self._query("account")
        asked = (self._query("begin"), self._query("end"), self._query("grouping"))
        now = utc_now()
        try:
            view = await self._ask(queries.usage, self.account, *asked, zone=city().zone, now=now)
        except NotFound:
            raise
        except DomainError as refused:
            # The usual range is shown all the same, with what was wrong above it.
            view = await self._ask(
                queries.usage, self.account, "", "", "daily", zone=city().zone, now=now
            )
            self._show(refused)
        limit = await self._ask(alerts.limit, self.account)
        self._draw(view, limit)
        if not view.has_meter:
            self._draw_billed(await self._ask(queries.billed, self.account))

    @handler(RESIDENT)
    async def show(self, form: dict[str, str]) -> Any:
        """Go to the range that was asked for: it stands in the URL."""
        begin, end = form.get("begin", "").strip(), form.get("end", "").strip()
        grouping = form.get("grouping", "")
        read_all(lambda: _given(begin, "begin"), lambda: _given(end, "end"))
        ranges.read_range(begin, end, "yearly", through=utc_now().date())
        same_dates = (begin, end) == (self.begin, self.end)
        if same_dates and grouping != self.grouping:
            # Only the grouping changed: its usual range says more than two months of one bar.
            begin = ""
        else:
            ranges.read_range(begin, end, grouping, through=utc_now().date())
        query = {"account": self.account, "begin": begin, "end": end, "grouping": grouping}
        return rx.redirect(routes.link(routes.USAGE, **query))

    @handler(RESIDENT)
    async def open_bar(self, place: int) -> Any:
        """Go into a bar of the chart: a year's months, a month's days, a day's hours."""
        if 0 <= place < len(self.bars) and self.bars[place].href:
            return rx.redirect(self.bars[place].href)
        return None

    def _draw(self, view: UsageView, limit: int | None) -> None:
        self.account_no, self.cid = view.account_no, view.cid
        self.begin, self.end = view.range.begin.isoformat(), view.range.end.isoformat()
        self.grouping = view.range.grouping
        self.bars, self.axis = usage_bars.bars(view, self.account, limit)
        self.caption, self.sentence = usage_bars.caption(view), usage_bars.sentence(view)
        self.freshness, self.left = usage_bars.freshness(view), usage_bars.left(view)
        self.average = "" if view.average_30 is None else usage_bars.amount(view.average_30)
        self.total = usage_bars.amount(view.total, self.grouping)
        self.unit = _("GALLONS")
        self.has_limit, self.is_billed = limit is not None, False
        kind = self.grouping
        self.earlier = (
            usage_bars.range_link(self.account, *view.earlier, kind) if view.earlier else ""
        )
        self.later = usage_bars.range_link(self.account, *view.later, kind) if view.later else ""

    def _draw_billed(self, reads: list[queries.Billed]) -> None:
        self.bars, self.axis = usage_bars.billed_bars(reads)
        self.unit = reads[-1].unit if reads else ""
        self.caption = _("Billed Water Usage")
        self.sentence = _("Each bar is the use that one bill charged for.") if reads else ""
        self.is_billed = True


_EMPTY = {"begin": N_("Enter Beginning Date."), "end": N_("Enter End Date.")}


def _given(typed: str, field: str) -> None:
    if not typed:
        raise DomainError(_EMPTY[field], field=field)
