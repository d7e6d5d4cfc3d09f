"""Search Results and the Accounts page: what is linked to the sign-in, and what it owes."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes, secret
from portal.cities import city
from portal.domain.accounts import operations, queries
from portal.domain.bills import overview
from portal.domain.bills.words import many_added_notice
from portal.domain.cart import shopping
from portal.domain.cart.rules import MOST_BILLS
from portal.domain.sharing.rules import last_day_of
from portal.kit.clock import local_date, utc_now
from portal.kit.paging import PAGE, last_page, page_of
from portal.kit.text import _, money, ngettext, short_day
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.linked import LinkedRow, row
from portal.state.shell import ShellState


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


@dataclass(frozen=True)
class PlaceRow:
    """One account of the overview."""

    link_id: str = ""
    account: str = ""
    account_no: str = ""
    cid: str = ""
    name: str = ""
    address: str = ""
    until: str = ""
    shared: str = ""
    due: str = ""
    pay_by: str = ""
    late: bool = False
    holds: bool = False


@dataclass(frozen=True)
class PlaceGroup:
    """The accounts of one page that stand under one heading, and what they owe together."""

    name: str = ""
    due: str = ""
    rows: tuple[PlaceRow, ...] = ()


# From so many accounts on a list wants a search.
_MANY = 6


class AccountsState(PortalState):
    """The linked accounts with what they owe; search, groups and page stand in the address."""

    groups: list[PlaceGroup] = []
    words: str = ""
    sort: str = ""
    group: str = ""
    found: str = ""
    total: str = ""
    is_many: bool = False
    may_add: bool = False
    none_linked: bool = False
    page: int = 1
    last: int = 1
    # This page's address without its page number, and the download of the same accounts.
    here: str = ""
    download: str = ""
    # The link of one's own that the address asks to remove.
    removing: str = ""
    removing_account: str = ""
    removing_holds: bool = False

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the linked accounts; `remove=` in the address asks before it removes."""
        every = await self._ask(overview.overview, local_date(utc_now(), city().zone))
        self.words, self.sort = self._searched("q").strip(), self._query("sort")
        self.group = self._query("group") if self._query("group") in overview.GROUPS else ""
        self._draw(every)
        asked = [one for one in every if str(one.link_id) == self._query("remove")]
        self.removing = str(asked[0].link_id) if asked else ""
        self.removing_holds = bool(asked) and asked[0].holds
        self.removing_account = (
            f"{asked[0].account_no}, {asked[0].service_address}" if asked else ""
        )
        if self._query("done") == "removed":
            self.notice = _("The link is removed.")

    @handler(RESIDENT)
    async def search(self, form: dict[str, str]) -> Any:
        """Put the words and the order into the address."""
        wanted = {name: form.get(name, "").strip() for name in ("q", "sort", "group")}
        wanted["q"] = secret.conceal(wanted["q"][:200])
        return rx.redirect(routes.link(routes.ACCOUNTS, **wanted))

    @handler(RESIDENT)
    async def add_all(self) -> None:
        """Put every bill that is due of the accounts found into the cart, as many as it holds."""
        words, today = self.words, local_date(utc_now(), city().zone)
        added = await self._ask(shopping.add_all_due, words, today)
        self.notice = many_added_notice(added.added, added.left_out, MOST_BILLS)
        (await self.get_state(ShellState)).cart_items = added.items

    @handler(RESIDENT)
    async def remove(self) -> Any:
        """Remove the link that the page asked about."""
        await self._ask(operations.remove, self.removing, utc_now())
        self.removing = ""
        self.notice = _("The link is removed.")
        return rx.redirect(routes.link(routes.ACCOUNTS, done="removed"))

    def _draw(self, every: list[overview.Place]) -> None:
        found = overview.search(every, self.words)
        ordered = overview.arrange(found, self.sort, self.group)
        self.last = last_page(len(ordered))
        self.page = min(page_of(self._query("page")), self.last)
        shown = ordered[(self.page - 1) * PAGE : self.page * PAGE]
        self.groups = _groups(shown, found, self.group)
        self.found = ngettext("%(n)s found", "%(n)s found", len(found))
        self.total = money(sum(one.due for one in found))
        self.is_many, self.none_linked = len(every) >= _MANY, not every
        self.may_add = self.is_many and any(one.due and one.rights != "view" for one in found)
        kept = {"q": secret.conceal(self.words), "sort": self.sort, "group": self.group}
        link = routes.link(routes.ACCOUNTS, **kept)
        self.here = link + ("&" if "?" in link else "?")
        self.download = routes.link(routes.DOCUMENT_ACCOUNTS, **kept)


def _groups(
    shown: list[overview.Place], found: list[overview.Place], group: str
) -> list[PlaceGroup]:
    """Return the rows of a page under their headings; a heading sums over all pages."""
    dues: dict[str, int] = {}
    for one in found:
        name = overview.group_of(one, group)
        dues[name] = dues.get(name, 0) + one.due
    rows: dict[str, list[PlaceRow]] = {}
    for one in shown:
        rows.setdefault(overview.group_of(one, group), []).append(_place(one))
    return [
        PlaceGroup(name or (_("No district") if group else ""), money(dues[name]), tuple(some))
        for name, some in rows.items()
    ]


def _place(one: overview.Place) -> PlaceRow:
    today = local_date(utc_now(), city().zone)
    last = last_day_of(one.ends_at, city().zone)
    shared = (
        ""
        if one.holds
        else {"pay": _("Shared: view and pay")}.get(one.rights, _("Shared: view only"))
    )
    if shared and last is not None:
        shared = _("%(what)s, until %(day)s", what=shared, day=short_day(last))
    return PlaceRow(
        link_id=str(one.link_id),
        account=str(one.account_id),
        account_no=one.account_no,
        cid=one.cid,
        name=one.customer_name,
        address=one.service_address,
        until=_("Until %(day)s", day=short_day(one.stop)) if one.stop else "",
        shared=shared,
        due=money(one.due),
        pay_by=short_day(one.due_date) if one.due_date and one.due else "",
        late=one.past_due > 0 and one.due > 0 and (one.due_date or today) < today,
        holds=one.holds,
    )
