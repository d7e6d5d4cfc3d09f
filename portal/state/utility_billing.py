"""Utility Billing: the search by account number and customer ID, and Account Link Setup."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from portal import routes
from portal.domain.accounts import operations, queries
from portal.domain.accounts.operations import LinkAnswer, LinkOutcome
from portal.domain.identity import limits
from portal.kit.clock import utc_now
from portal.kit.pace import paced
from portal.kit.text import _
from portal.state.base import RESIDENT, PortalState, handler, loader
from portal.state.linked import LinkedRow, row


class UtilityBillingState(PortalState):
    """The search form."""

    account_no: str = ""
    cid: str = ""
    remember: bool = False
    asks_amount: bool = False
    # A new number draws the form anew, with the values above.
    drawing: int = 0

    @loader(RESIDENT)
    async def load(self) -> None:
        """Fill the form: with the account to modify, with nothing, or with what is remembered."""
        saved = await self._ask(queries.saved_numbers)
        self.account_no, self.cid, self.remember, self.asks_amount = (
            "",
            "",
            saved is not None,
            False,
        )
        if account := self._query("account"):
            for one in await self._ask(queries.linked):
                if str(one.account_id) == account:
                    self.account_no, self.cid = one.account_no, one.cid
        elif saved is not None and not self._query("new"):
            self.account_no, self.cid = saved.account_no, saved.cid
        self.drawing += 1

    @handler(RESIDENT)
    async def search(self, form: dict[str, str]) -> Any:
        """Find the account, link it if need be, and show it."""
        remember = bool(form.get("remember"))
        answer = await _tried(self, operations.search, form, remember)
        if answer.outcome is LinkOutcome.FOUND:
            return rx.redirect(routes.link(routes.SEARCH_RESULTS, account=answer.account_id))
        self.asks_amount = self.asks_amount or answer.outcome is LinkOutcome.THIRD_FACT
        return None

    @handler(RESIDENT)
    async def reset_form(self) -> None:
        """Empty the form."""
        self.account_no, self.cid, self.remember, self.asks_amount = "", "", False, False
        self.drawing += 1


class LinkSetupState(PortalState):
    """Account Link Setup: several in a row."""

    asks_amount: bool = False
    drawing: int = 0
    rows: list[LinkedRow] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show what is linked already."""
        self.rows = [row(one) for one in await self._ask(queries.linked)]
        self.asks_amount = False

    @handler(RESIDENT)
    async def submit(self, form: dict[str, str]) -> None:
        """Link the account, and make room for the next."""
        answer = await _tried(self, operations.link, form)
        if answer.outcome is not LinkOutcome.FOUND:
            self.asks_amount = self.asks_amount or answer.outcome is LinkOutcome.THIRD_FACT
            return
        self.rows = [row(one) for one in await self._ask(queries.linked)]
        self.asks_amount, self.drawing = False, self.drawing + 1
        self.notice = _said(self.rows, str(answer.account_id))


async def _tried(
    state: PortalState, call: Callable[..., LinkAnswer], form: dict[str, str], *more: bool
) -> LinkAnswer:
    """Try two numbers; a refusal is shown. Every answer takes the same time."""
    async with paced(limits.LINK_ANSWER_AFTER):
        answer = await state._ask(
            call,
            form.get("account_no", ""),
            form.get("cid", ""),
            *more,
            utc_now(),
            amount=form.get("amount", ""),
        )
    if answer.refusal is not None:
        state._show(answer.refusal)
    return answer


def _said(rows: list[LinkedRow], account: str) -> str:
    new = next((one for one in rows if one.account == account), LinkedRow())
    return _(
        "Account %(number)s at %(address)s is linked. Link another one, or open it below.",
        number=new.account_no,
        address=new.address,
    )
