"""The audit: a list for administrators, narrowed in the URL."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes, secret
from portal.cities import city
from portal.domain.audit.queries import read_days
from portal.domain.staff import audit
from portal.kit.clock import local_date, utc_now
from portal.kit.errors import DomainError
from portal.state.activity import entries
from portal.state.admin_views import when
from portal.state.admin_words import act_word, role_word
from portal.state.base import ADMINISTRATOR, PortalState, handler, loader


@dataclass(frozen=True)
class EntryLine:
    """An act."""

    at: str = ""
    act: str = ""
    who: str = ""
    whom: str = ""
    account: str = ""
    cid: str = ""
    # Leads to the customer; "" where the act touched none.
    customer: str = ""
    network: str = ""
    note: str = ""


_FIELDS = ("act", "person", "number", "begin", "end")


class AdminAuditState(PortalState):
    """Who did what to whom."""

    rows: list[EntryLine] = []
    act: str = ""
    person: str = ""
    number: str = ""
    begin: str = ""
    end: str = ""
    total: str = ""
    page: int = 1
    last: int = 1
    # This page's address, to which the number of a page is added.
    here: str = ""

    @loader(ADMINISTRATOR)
    async def load(self) -> None:
        """Show what the URL asks for; a person or a number that is looked up is noted."""
        asked = {name: self._searched(name) for name in _FIELDS}
        page, today = self._query("page"), local_date(utc_now(), city().zone)
        try:
            found = await self._ask(audit.entries, audit.Looked(**asked), page, today)
        except DomainError as refused:
            # All days are shown all the same, with what was wrong above them.
            asked |= {"begin": "", "end": ""}
            found = await self._ask(audit.entries, audit.Looked(**asked), page, today)
            self._show(refused)
        self.act, self.person, self.number = asked["act"], asked["person"], asked["number"]
        self.begin, self.end = asked["begin"], asked["end"]
        self.rows = [_line(one) for one in found.rows]
        self.total, self.page, self.last = entries(found.total), found.page, found.last
        self.here = _address(asked)

    @handler(ADMINISTRATOR)
    async def narrow(self, form: dict[str, str]) -> Any:
        """Go to what was asked for: it stands in the URL."""
        asked = {name: form.get(name, "").strip()[:200] for name in _FIELDS}
        read_days(asked["begin"], asked["end"])
        return rx.redirect(_address(asked))


def _address(asked: dict[str, str]) -> str:
    concealed = {name: secret.conceal(asked[name]) for name in ("person", "number")}
    return routes.link(routes.ADMIN_AUDIT, **(asked | concealed))


def _line(one: audit.Entry) -> EntryLine:
    return EntryLine(
        when(one.at), act_word(one.act), one.who or role_word(one.role), one.whom, one.account_no,
        one.cid, str(one.customer_id or ""), one.ip, one.note,
    )  # fmt: skip
