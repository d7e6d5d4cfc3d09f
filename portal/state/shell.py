"""What the header shows on every page: who is signed in, how many bills are in the cart."""

from typing import Any

import reflex as rx

from portal import routes
from portal.domain.accounts import queries as accounts
from portal.domain.cart.queries import count_items
from portal.domain.identity import profile
from portal.kit.ids import parse_id
from portal.secret import csrf_of_session
from portal.state.base import PUBLIC, RESIDENT, PortalState, handler


class ShellState(PortalState):
    """The header and menu of every page."""

    name: str = ""
    is_signed_in: bool = False
    is_resident: bool = False
    is_staff: bool = False
    # Staff who look and do not act: their pages say why no button stands on them.
    is_viewer: bool = False
    cart_items: int = 0
    # The account that this tab looks at: the menu's links lead to its pages.
    account: str = ""
    account_no: str = ""
    account_address: str = ""
    has_other_accounts: bool = False
    # False where it was shared with this person, who sees nobody else with access.
    holds_account: bool = False
    # The token that the sign-out form carries; worth nothing without the cookie.
    csrf: str = ""

    @handler(PUBLIC, arriving=True)
    async def load(self) -> None:
        """Say who is here."""
        actor = self._actor()
        self.is_signed_in = actor.user_id is not None
        self.is_resident, self.is_staff = actor.is_resident, actor.is_staff
        self.is_viewer = actor.is_staff and actor.role == "viewer"
        self.csrf = csrf_of_session(actor.session_hash) if actor.session_hash else ""
        if parse_id(self._query("account")) is not None:
            self.account = self._query("account")
        place = await self._ask(accounts.named, self.account)
        self.account_no, self.account_address = place.account_no, place.address
        self.has_other_accounts, self.holds_account = place.has_others, place.holds
        self.name = await self._ask(profile.first_name) if self.is_signed_in else ""
        self.cart_items = await self._ask(count_items)

    @handler(RESIDENT)
    async def sign_in_again(self) -> Any:
        """Lead to the sign-in and back to this page, before an act that wants it recent."""
        return rx.redirect(routes.link(routes.SIGN_IN, next=self._path(), done="again"))
