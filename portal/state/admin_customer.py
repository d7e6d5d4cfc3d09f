"""One customer, one resident's sign-in, and what administrators do for them."""

from dataclasses import dataclass

from portal import routes, secret
from portal.cities import city
from portal.domain.bills.rules import Standing
from portal.domain.identity.factors import Factors
from portal.domain.staff import customers, operations
from portal.domain.staff.customers import AuditRow, BillRow, SignInRow, StayRow
from portal.domain.staff.records import MessageRow, PaymentRow
from portal.kit.clock import local_date, utc_now
from portal.kit.text import N_, _, money, number
from portal.state.admin_customers import sign_in_word
from portal.state.admin_views import (
    MessageLine,
    PaymentLine,
    message_line,
    on,
    payment_line,
    when,
)
from portal.state.admin_words import act_word, role_word
from portal.state.base import ADMINISTRATOR, STAFF, PortalState, handler, loader

_STANDING = {
    Standing.PAST_DUE: (N_("Past due"), "bad"),
    Standing.DUE: (N_("Due"), "warn"),
    Standing.PAID: (N_("Paid"), "good"),
    Standing.CREDIT: (N_("Credit"), "good"),
    Standing.LIENED: (N_("Liened"), "bad"),
    Standing.WRITTEN_OFF: (N_("Written off"), "quiet"),
    Standing.VOID: (N_("Void"), "quiet"),
}
_RELATIONS = {
    "OWNER": N_("Owner"),
    "TENANT": N_("Tenant"),
    "AGENT": N_("Agent"),
    "COPY": N_("Gets copies"),
}


@dataclass(frozen=True)
class StayLine:
    """A time at a place. `everybody` leads to all who ever were there."""

    account: str = ""
    everybody: str = ""
    address: str = ""
    relation: str = ""
    start: str = ""
    stop: str = ""
    delivery: str = ""
    autopay: str = ""


@dataclass(frozen=True)
class BillLine:
    """A bill."""

    number: str = ""
    # Where its print stands; "" for a bill that is about no account.
    print: str = ""
    account: str = ""
    dated: str = ""
    due: str = ""
    billed: str = ""
    owed: str = ""
    status: str = ""
    tone: str = "quiet"
    note: str = ""


@dataclass(frozen=True)
class LinkLine:
    """A link of a sign-in."""

    id: str = ""
    account: str = ""
    cid: str = ""
    customer: str = ""
    since: str = ""


@dataclass(frozen=True)
class SignInCard:
    """A sign-in with its links."""

    id: str = ""
    email: str = ""
    name: str = ""
    status: str = ""
    tone: str = "quiet"
    created: str = ""
    last_sign_in: str = ""
    last_failed: str = ""
    locked_until: str = ""
    second_step: str = ""
    waiting: bool = False
    new_email: str = ""
    links: list[LinkLine] = ()  # type: ignore[assignment]


@dataclass(frozen=True)
class AuditLine:
    """An act that was noted."""

    at: str = ""
    who: str = ""
    act: str = ""


@dataclass(frozen=True)
class CustomerCard:
    """What the billing system holds of a customer."""

    id: str = ""
    name: str = ""
    cid: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    status: str = ""
    confidential: bool = False
    owed: str = ""
    bills_total: str = ""


class AdminCustomerState(PortalState):
    """The page of a customer, and that of a sign-in."""

    card: CustomerCard = CustomerCard()
    stays: list[StayLine] = []
    sign_ins: list[SignInCard] = []
    bills: list[BillLine] = []
    payments: list[PaymentLine] = []
    messages: list[MessageLine] = []
    audit: list[AuditLine] = []
    # Where an administrator reads the rest of it; "" for a viewer.
    whole_audit: str = ""
    # The page of bills, and the last one.
    page: int = 1
    last: int = 1
    may_act: bool = False
    # This page's address, and the link that `unlink=` in it asks about.
    here: str = ""
    unlinking: str = ""
    unlinking_what: str = ""

    @loader(STAFF)
    async def load_customer(self) -> None:
        """Show a customer; the look is noted."""
        await self._show_customer()

    @loader(STAFF)
    async def load_resident(self) -> None:
        """Show a sign-in; the look is noted."""
        await self._show_resident()

    @handler(ADMINISTRATOR)
    async def resend_activation(self, user_id: str) -> None:
        """Mail the activation link again."""
        email = await self._ask(operations.resend_activation, user_id, utc_now())
        await self._show_again()
        self.notice = _("The activation email is on its way to %(email)s.", email=email)

    @handler(ADMINISTRATOR)
    async def unlock(self, user_id: str) -> None:
        """Take the lock off a sign-in."""
        email = await self._ask(operations.unlock, user_id)
        await self._show_again()
        self.notice = _("%(email)s is unlocked and can sign in now.", email=email)

    @handler(ADMINISTRATOR)
    async def remove_factors(self, user_id: str) -> None:
        """Take the second step off a sign-in whose owner lost it."""
        email = await self._ask(operations.remove_factors, user_id, utc_now())
        await self._show_again()
        self.notice = _("%(email)s has no second step and no password now.", email=email)

    @handler(ADMINISTRATOR)
    async def confirm_old_mailbox(self, user_id: str) -> None:
        """Stand in for the mailbox that a resident lost."""
        email = await self._ask(operations.confirm_old_mailbox, user_id, utc_now())
        await self._show_again()
        self.notice = _("Confirmed in place of the old mailbox %(email)s.", email=email)

    @handler(ADMINISTRATOR)
    async def unlink(self, link_id: str) -> None:
        """End a link."""
        email = await self._ask(operations.unlink, link_id, utc_now())
        await self._show_again()
        self.notice = _("The account is no longer linked to %(email)s.", email=email)

    async def _show_again(self) -> None:
        if self.card.cid:
            await self._show_customer()
        else:
            await self._show_resident()

    async def _show_customer(self) -> None:
        now = utc_now()
        found = await self._ask(
            customers.view_customer, self._query("id"), self._query("page"),
            now, local_date(now, city().zone),
        )  # fmt: skip
        self.card = _card(found)
        self.stays = [_stay(row) for row in found.stays]
        self.here = routes.link(routes.ADMIN_CUSTOMER, id=self.card.id)
        self.whole_audit = routes.link(routes.ADMIN_AUDIT, number=secret.conceal(self.card.cid))
        self.sign_ins = [_sign_in(row) for row in found.sign_ins]
        self.bills = [_bill(row) for row in found.bills.rows]
        self.page, self.last = found.bills.page, found.bills.last
        self._rest(found.payments, found.messages, found.audit)

    async def _show_resident(self) -> None:
        found = await self._ask(customers.view_sign_in, self._query("id"), utc_now())
        self.card, self.stays, self.bills = CustomerCard(), [], []
        self.sign_ins = [_sign_in(found.sign_in)]
        self.here = routes.link(routes.ADMIN_RESIDENT, id=self.sign_ins[0].id)
        self.whole_audit = routes.link(
            routes.ADMIN_AUDIT, person=secret.conceal(found.sign_in.email)
        )
        self._rest(found.payments, found.messages, found.audit)

    def _rest(
        self,
        paid: tuple[PaymentRow, ...],
        said: tuple[MessageRow, ...],
        noted: tuple[AuditRow, ...],
    ) -> None:
        self.payments = [payment_line(row) for row in paid]
        self.messages = [message_line(row) for row in said]
        self.audit = [
            AuditLine(when(row.at), row.who or role_word(row.role), act_word(row.act))
            for row in noted
        ]
        self.may_act = self._actor().role == "administrator"
        self.whole_audit = self.whole_audit if self.may_act else ""
        self.unlinking = self.unlinking_what = ""
        for one in self.sign_ins if self.may_act else ():
            for tie in one.links:
                if tie.id == self._query("unlink"):
                    self.unlinking = tie.id
                    self.unlinking_what = f"{tie.account} · {one.email}"


def _card(found: customers.CustomerPage) -> CustomerCard:
    return CustomerCard(
        str(found.customer_id),
        found.person.name,
        found.person.cid,
        ", ".join(found.person.lines),
        found.phone,
        found.email,
        _("Active") if found.active else _("Inactive"),
        found.confidential,
        money(found.cents_owed),
        number(found.bills.total),
    )


def _stay(row: StayRow) -> StayLine:
    return StayLine(
        row.account_no,
        routes.link(routes.ADMIN_CUSTOMERS, q=secret.conceal(row.account_no)),
        row.service_address,
        _(_RELATIONS[row.relation]),
        on(row.start),
        on(row.stop),
        city().delivery.word(row.delivery),
        _("Yes") if row.eft else _("No"),
    )


def _bill(row: BillRow) -> BillLine:
    word, tone = _STANDING[row.standing]
    note = _("%(amount)s paid here, not yet in the books", amount=money(row.unbooked))
    return BillLine(
        row.number,
        routes.link(routes.DOCUMENT_BILL, id=row.bill_id) if row.bill_id else "",
        row.account_no,
        on(row.statement),
        on(row.due),
        money(row.billed),
        money(-row.credit if row.credit else row.owed),
        _(word),
        tone,
        note if row.unbooked else "",
    )


def _second_step(found: Factors) -> str:
    named = [_("Authenticator app")] if found.app else []
    if found.passkeys:
        named.append(_("Passkeys: %(n)s", n=found.passkeys))
    return ", ".join(named)


def _sign_in(row: SignInRow) -> SignInCard:
    return SignInCard(
        str(row.user_id),
        row.email,
        row.name,
        sign_in_word(row.status),
        {"active": "good", "unverified": "warn"}.get(row.status, "quiet"),
        when(row.created),
        when(row.last_sign_in) or _("Never"),
        when(row.last_failed) or _("Never"),
        when(row.locked_until),
        _second_step(row.factors),
        row.status == "unverified",
        row.new_email,
        [
            LinkLine(
                str(tie.link_id), tie.account_no, tie.cid, str(tie.customer_id), when(tie.since)
            )
            for tie in row.links
        ],
    )
