"""People with access: invite, change, remove, withdraw; each act asks for a recent sign-in."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from portal import routes
from portal.domain.accounts import operations
from portal.domain.sharing import invitations
from portal.domain.sharing import people as sharing
from portal.kit.clock import utc_now
from portal.kit.text import N_, _, short_day
from portal.state.base import RESIDENT, PortalState, handler, loader


@dataclass(frozen=True)
class PersonRow:
    """Somebody with access."""

    link_id: str = ""
    email: str = ""
    is_you: bool = False
    may: str = ""
    rights: str = ""
    since: str = ""
    until: str = ""
    last_day: str = ""
    changeable: bool = False
    removable: bool = False


@dataclass(frozen=True)
class InvitedRow:
    """An invitation that waits."""

    id: str = ""
    email: str = ""
    may: str = ""
    until: str = ""
    open_until: str = ""


class PeopleState(PortalState):
    """One account's people."""

    account: str = ""
    account_no: str = ""
    address: str = ""
    rows: list[PersonRow] = []
    invited: list[InvitedRow] = []
    may_act: bool = False
    may_invite: bool = False
    # Whose access the address asks to change or to remove.
    changing: PersonRow = PersonRow()
    removing: PersonRow = PersonRow()
    # A new number draws the form anew, empty.
    drawing: int = 0

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show who has access; `change=` and `remove=` in the address name one of them."""
        await self._look()
        wanted, none = {row.link_id: row for row in self.rows}, PersonRow()
        change, remove = (wanted.get(self._query(name), none) for name in ("change", "remove"))
        self.changing = change if change.changeable else none
        self.removing = remove if remove.removable else none
        done = _DONE.get(self._query("done"))
        self.notice = _(done) if done else ""

    @handler(RESIDENT)
    async def invite(self, form: dict[str, str]) -> None:
        """Mail an invitation."""
        typed = [form.get(name, "") for name in ("email", "rights", "last_day")]
        email = await self._ask(invitations.invite, self.account, *typed, utc_now())
        await self._look()
        self.drawing += 1
        self.notice = _("The invitation is on its way to %(email)s.", email=email)

    @handler(RESIDENT)
    async def save(self, form: dict[str, str]) -> Any:
        """Give the person that the address names other rights or another last day."""
        rights, last_day = form.get("rights", ""), form.get("last_day", "")
        await self._ask(sharing.change, self.changing.link_id, rights, last_day, utc_now())
        return rx.redirect(routes.link(routes.PEOPLE, account=self.account, done="changed"))

    @handler(RESIDENT)
    async def remove(self) -> Any:
        """End the access of the person that the address names."""
        await self._ask(operations.remove, self.removing.link_id, utc_now())
        return rx.redirect(routes.link(routes.PEOPLE, account=self.account, done="removed"))

    @handler(RESIDENT)
    async def withdraw(self, invitation: str) -> None:
        """End an invitation that waits."""
        await self._ask(invitations.withdraw, invitation, utc_now())
        await self._look()
        self.notice = _("The invitation is withdrawn.")

    async def _look(self) -> None:
        found = await self._ask(sharing.people, self._query("account"), utc_now())
        self.account, self.account_no = str(found.account_id), found.account_no
        self.address = found.service_address
        self.may_act, self.may_invite = found.may_act, found.may_invite
        self.rows = [_person(one) for one in found.people]
        self.invited = [
            InvitedRow(
                str(one.invitation_id),
                one.email,
                _(_MAY[one.rights]),
                _until(one.last_day),
                short_day(one.until),
            )
            for one in found.invited
        ]


_DONE = {
    "changed": N_("Saved. We have told this person."),
    "removed": N_("The access is removed. We have told this person."),
}
_MAY = {
    "hold": N_("Holds the account"),
    "pay": N_("View and pay"),
    "view": N_("View only"),
}


def _until(last: date | None) -> str:
    return short_day(last) if last is not None else _("No end")


def _person(one: sharing.Person) -> PersonRow:
    return PersonRow(
        link_id=str(one.link_id),
        email=one.email,
        is_you=one.is_you,
        may=_(_MAY[one.rights]),
        rights=one.rights,
        since=short_day(one.since),
        until=_until(one.last_day),
        last_day=one.last_day.isoformat() if one.last_day is not None else "",
        changeable=one.rights != "hold",
        removable=one.removable,
    )
