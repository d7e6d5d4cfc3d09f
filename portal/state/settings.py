"""Account Settings: who is signed in, User ID, language of mails, signed-in browsers, links."""

from dataclasses import dataclass
from datetime import datetime

from portal.cities import city
from portal.domain.accounts import queries as accounts
from portal.domain.identity import connections, user_ids
from portal.domain.settings import operations, queries
from portal.domain.settings.queries import Browser
from portal.kit.clock import utc_now
from portal.kit.text import N_, _, moment
from portal.state.base import RESIDENT, PortalState, handler, loader


@dataclass(frozen=True)
class BrowserRow:
    """A signed-in browser; `is_this` is the one that looks."""

    handle: str = ""
    name: str = ""
    network: str = ""
    since: str = ""
    seen: str = ""
    is_this: bool = False
    remembered: bool = False


@dataclass(frozen=True)
class LinkRow:
    """A linked account."""

    link_id: str = ""
    account: str = ""
    account_no: str = ""
    customer: str = ""
    address: str = ""


class SettingsState(PortalState):
    """Account Settings."""

    logged_in_as: str = ""
    email: str = ""
    new_email: str = ""
    user_id: str = ""
    language: str = ""
    last_success: str = ""
    last_failure: str = ""
    failed_since: bool = False
    last_changed: str = ""
    has_providers: bool = False
    is_local: bool = True  # signs in here, not only by another provider
    browsers: list[BrowserRow] = []
    has_others: bool = False
    links: list[LinkRow] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the settings, and what a page that led here has done."""
        await self._look()
        done = _DONE.get(self._query("done"))
        self.notice = _(done) if done else ""

    @handler(RESIDENT)
    async def save_user_id(self, form: dict[str, str]) -> None:
        """Keep the User ID that was typed, or take it away."""
        refused = await self._ask(user_ids.choose, form.get("user_id", ""), utc_now())
        if refused is not None:
            raise refused
        await self._look()
        self.notice = _("Your User ID is saved.") if self.user_id else _("You have no User ID now.")

    @handler(RESIDENT)
    async def save_language(self, form: dict[str, str]) -> None:
        """Write mails in the language that was chosen."""
        await self._ask(operations.choose_language, form.get("language", ""))
        await self._look()
        self.notice = _("Saved.")

    @handler(RESIDENT)
    async def end_browser(self, handle: str) -> None:
        """Sign another browser out."""
        await self._ask(operations.end_browser, handle, utc_now())
        await self._look()
        self.notice = _("That browser is signed out.")

    async def _look(self) -> None:
        found = await self._ask(queries.settings, utc_now())
        self.email, self.new_email, self.user_id = found.email, found.new_email, found.user_id
        self.logged_in_as = found.user_id or found.email
        self.has_providers = connections.available()
        self.language, self.is_local = found.language, found.has_password
        self.last_success = _when(found.last_success, _("This is your first sign-in"))
        self.last_failure = _when(found.last_failure)
        self.failed_since = found.failed_since
        self.last_changed = _when(found.password_changed)
        self.browsers = [_browser(one) for one in found.browsers]
        self.has_others = any(not one.is_this for one in found.browsers)
        self.links = [
            LinkRow(
                str(one.link_id), str(one.account_id), one.account_no,
                f"{one.cid}, {one.customer_name}", one.service_address,
            )
            for one in await self._ask(accounts.linked)
        ]  # fmt: skip


_DONE = {
    "password": N_("Your password is changed. Every other browser was signed out."),
    "email": N_("We sent a message to both addresses. Open each one to confirm the change."),
}


def _when(at: datetime | None, never: str = "") -> str:
    return moment(at, city().zone) if at is not None else never or _("Never")


def _browser(one: Browser) -> BrowserRow:
    return BrowserRow(
        handle=one.handle,
        name=one.name,
        network=one.network,
        since=moment(one.since, city().zone),
        seen=moment(one.last_seen, city().zone),
        is_this=one.is_this,
        remembered=one.remembered,
    )
