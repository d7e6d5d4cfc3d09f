"""Utility Billing: the search by account number and customer ID, and Account Link Setup."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from portal import routes
from portal.domain.accounts import operations, queries, third_fact
from portal.domain.accounts.operations import LinkAnswer, LinkOutcome
from portal.domain.bills import code
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
    code_sent: bool = False
    _typed: tuple[str, str] = ("", "")
    # A new number draws the form anew, with the values above.
    drawing: int = 0

    @loader(RESIDENT)
    async def load(self) -> None:
        """Fill the form: with the account to modify, with nothing, or with what is remembered."""
        saved = await self._ask(queries.saved_numbers)
        self.account_no, self.cid, self.remember = "", "", saved is not None
        _begin_anew(self)
        if account := self._query("account"):
            for one in await self._ask(queries.linked):
                if str(one.account_id) == account:
                    self.account_no, self.cid = one.account_no, one.cid
        elif saved is not None and not self._query("new"):
            self.account_no, self.cid = saved.account_no, saved.cid

    @handler(RESIDENT)
    async def search(self, form: dict[str, str]) -> Any:
        """Find the account, link it if need be, and show it."""
        remember = bool(form.get("remember"))
        answer = await _tried(self, operations.search, form, remember)
        if answer.outcome is LinkOutcome.FOUND:
            return rx.redirect(routes.link(routes.SEARCH_RESULTS, account=answer.account_id))
        return None

    @handler(RESIDENT)
    async def mail_code(self) -> None:
        """Mail a code to the address on file, as the third fact."""
        await _mail_code(self)

    @handler(RESIDENT)
    async def reset_form(self) -> None:
        """Empty the form."""
        self.account_no, self.cid, self.remember = "", "", False
        _begin_anew(self)


class LinkSetupState(PortalState):
    """Account Link Setup: several in a row."""

    asks_amount: bool = False
    code_sent: bool = False
    _typed: tuple[str, str] = ("", "")
    account_no: str = ""
    cid: str = ""
    drawing: int = 0
    rows: list[LinkedRow] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show what is linked already."""
        self.rows = [row(one) for one in await self._ask(queries.linked)]
        self.account_no, self.cid = "", ""
        _begin_anew(self)

    @handler(RESIDENT)
    async def fill_in(self, bill_code: str) -> None:
        """Fill in the numbers of the printed bill whose square code was scanned."""
        found = await self._ask(code.numbers, bill_code)
        if found is None or any(row.account_no == found[0] for row in self.rows):
            return
        self.account_no, self.cid = found
        self.drawing += 1
        self.notice = _("The numbers of your bill are filled in. Choose Submit to link it.")

    @handler(RESIDENT)
    async def submit(self, form: dict[str, str]) -> None:
        """Link the account, and make room for the next."""
        answer = await _tried(self, operations.link, form)
        if answer.outcome is not LinkOutcome.FOUND:
            return
        self.rows = [row(one) for one in await self._ask(queries.linked)]
        self.account_no = ""
        # One payer's next account: only its number is another.
        self.cid = next((r.cid for r in self.rows if r.account == str(answer.account_id)), "")
        _begin_anew(self)
        self.notice = _said(self.rows, str(answer.account_id))

    @handler(RESIDENT)
    async def mail_code(self) -> None:
        """Mail a code to the address on file, as the third fact."""
        await _mail_code(self)


async def _tried(
    state: UtilityBillingState | LinkSetupState,
    call: Callable[..., LinkAnswer],
    form: dict[str, str],
    *more: bool,
) -> LinkAnswer:
    """Try two numbers; a refusal is shown. Every answer takes the same time."""
    state._typed = (form.get("account_no", ""), form.get("cid", ""))
    async with paced(limits.LINK_ANSWER_AFTER):
        answer = await state._ask(
            call,
            *state._typed,
            *more,
            utc_now(),
            amount=form.get("amount", ""),
            code=form.get("code", ""),
        )
    if answer.outcome is LinkOutcome.THIRD_FACT:
        state.asks_amount = True
    if answer.refusal is not None:
        state._show(answer.refusal)
    return answer


async def _mail_code(state: UtilityBillingState | LinkSetupState) -> None:
    """Ask for a code for the numbers tried last. Every answer is the same and takes as long."""
    async with paced(limits.LINK_ANSWER_AFTER):
        await state._ask(third_fact.ask_code, *state._typed, utc_now())
    state.code_sent = True
    state.notice = _(
        "If these two numbers belong together and we have an email address for them, a code is on"
        " its way there. It works for 30 minutes."
    )


def _begin_anew(state: UtilityBillingState | LinkSetupState) -> None:
    """Ask for two numbers alone again, and draw the form with what the State holds."""
    state.asks_amount, state.code_sent, state._typed = False, False, ("", "")
    state.drawing += 1


def _said(rows: list[LinkedRow], account: str) -> str:
    new = next((one for one in rows if one.account == account), LinkedRow())
    return _(
        "Account %(number)s at %(address)s is linked. Link another one, or open it below.",
        number=new.account_no,
        address=new.address,
    )
