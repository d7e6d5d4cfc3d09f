"""One page a customer, one a resident's sign-in."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.admin_parts import message_table, payment_table, section
from portal.state.admin_customer import AdminCustomerState
from portal.state.admin_customers import AdminCustomersState
from portal.state.base import STAFF
from portal.ui import shell
from portal.ui.feedback import empty, status_word, sure, waiting
from portal.ui.form import button
from portal.ui.here import IS_SHOWN
from portal.ui.native import anchor, link
from portal.ui.table import Column, facts, table
from portal.ui.table import pages as page_links

_STATE = AdminCustomerState


def customer() -> Any:
    """Draw a customer."""
    return shell.page(
        rx.cond(IS_SHOWN, _STATE.card.name, _("Customer")),
        waiting(rx.cond(_STATE.unlinking != "", _sure(), _everything())),
        back=_back(),
        reference=(_("Customer ID"), _STATE.card.cid),
    )


def _everything() -> Any:
    return rx.fragment(
        rx.cond(
            _STATE.card.confidential,
            rx.el.p(_("Confidential: give out no name or address."), class_name="notice warn"),
        ),
        facts(
            (_("Customer ID"), _STATE.card.cid),
            (_("Amount Due Now"), _STATE.card.owed),
            (_("Address"), _STATE.card.address),
            (_("Phone"), _STATE.card.phone),
            (_("Email"), _STATE.card.email),
            (_("Status"), _STATE.card.status),
        ),
        _parts(),
        _stays(),
        _sign_ins(),
        _bills(),
        _paid(),
        _messages(),
        _audit(),
    )


def resident() -> Any:
    """Draw a resident's sign-in."""
    return shell.page(
        _("Sign-in"),
        waiting(
            rx.cond(
                _STATE.unlinking != "",
                _sure(),
                rx.fragment(_sign_ins(), _paid(), _messages(), _audit()),
            ),
        ),
        back=_back(),
    )


def _back() -> Any:
    """Lead back to the list that was searched last."""
    search = AdminCustomersState
    found = routes.link(routes.ADMIN_CUSTOMERS) + "?q=" + search.encoded + "&page="
    to = rx.cond(
        search.encoded != "",
        found + search.page.to_string(),
        routes.link(routes.ADMIN_CUSTOMERS),
    )
    return rx.el.p(link(_("Customers"), to=to), class_name="back")


def _parts() -> Any:
    """Draw what leads down the page: it is long, and somebody is on the telephone."""
    named = (
        ("stays", _("Accounts")),
        ("sign-ins", _("Sign-ins")),
        ("bills", _("Bills")),
        ("payments", _("Payments made here")),
        ("messages", _("Messages sent")),
        ("audit", _("Who did what")),
    )
    return rx.el.nav(
        rx.el.ul(
            *[rx.el.li(anchor(text, href="#" + name, class_name="tap")) for name, text in named],
            class_name="links row",
        ),
        aria_label=_("On this page"),
    )


def _stays() -> Any:
    return section(
        _("Accounts"),
        "stays",
        table(
            _("Accounts"),
            [
                Column(_("Account Number"), _everybody_there, head=True),
                Column(_("Service Address"), lambda row: row.address),
                Column(_("Relation"), lambda row: row.relation),
                Column(_("From"), lambda row: row.start),
                Column(_("To"), lambda row: row.stop),
                Column(_("Bills by"), lambda row: row.delivery),
                Column(_("Automatic payment"), lambda row: row.autopay),
            ],
            _STATE.stays,
            hide_caption=True,
            dense=True,
        ),
    )


def _everybody_there(row: Any) -> Any:
    return link(row.account, to=row.everybody)


def _sign_ins() -> Any:
    return section(
        _("Sign-ins"),
        "sign-ins",
        rx.cond(
            _STATE.sign_ins.length() > 0,
            rx.foreach(_STATE.sign_ins, _sign_in),
            empty(_("Nobody has linked this customer's accounts.")),
        ),
    )


def _sign_in(one: Any) -> Any:
    return rx.el.article(
        rx.el.h3(
            link(one.email, to=routes.link(routes.ADMIN_RESIDENT) + "?id=" + one.id),
            " ",
            status_word(one.status, one.tone),
            rx.cond(one.locked_until != "", rx.fragment(" ", status_word(_("Locked"), "bad"))),
        ),
        facts(
            (_("Name"), one.name),
            (_("Signed up"), one.created),
            (_("Last sign-in"), one.last_sign_in),
            (_("Last failed sign-in"), one.last_failed),
            (_("Locked until"), rx.cond(one.locked_until != "", one.locked_until, _("Not locked"))),
            (_("Second step"), rx.cond(one.second_step != "", one.second_step, _("None"))),
        ),
        rx.cond(_STATE.may_act, _acts(one)),
        rx.cond(_STATE.may_act & (one.second_step != ""), _without_second_step(one)),
        rx.cond(one.links.length() > 0, _links(one)),
        class_name="chapter",
    )


def _acts(one: Any) -> Any:
    return rx.el.div(
        rx.cond(
            one.waiting,
            button(_("Resend activation"), on_click=_STATE.resend_activation(one.id)),
        ),
        rx.cond(
            one.locked_until != "",
            button(_("Unlock"), on_click=_STATE.unlock(one.id)),
        ),
        rx.cond(
            one.new_email != "",
            rx.fragment(
                rx.el.p(_("Asked to change the email address to"), " ", one.new_email),
                button(
                    _("Confirm in place of the old mailbox"),
                    on_click=_STATE.confirm_old_mailbox(one.id),
                ),
            ),
        ),
        class_name="row",
    )


def _without_second_step(one: Any) -> Any:
    """Ask to be sure: what is removed here does not come back."""
    return rx.el.details(
        rx.el.summary(_("They lost their second step")),
        rx.el.p(
            _(
                "Make sure who is calling first. Passkeys, authenticator app, recovery codes and"
                " password end, and every browser is signed out. They choose a new password by"
                " email."
            )
        ),
        button(_("Remove the second step"), on_click=_STATE.remove_factors(one.id)),
        class_name="more",
    )


def _links(one: Any) -> Any:
    to = routes.link(routes.ADMIN_CUSTOMER) + "?id="
    return table(
        _("Linked accounts"),
        [
            Column(
                _("Account Number"), lambda row: link(row.account, to=to + row.customer), head=True
            ),
            Column(_("Customer ID"), lambda row: row.cid),
            Column(_("Since"), lambda row: row.since),
            Column(_("Action"), _unlink, kind="act", shown=_STATE.may_act),
        ],
        one.links,
        dense=True,
    )


def _unlink(row: Any) -> Any:
    return link(
        _("Unlink"),
        rx.el.span(" ", row.account, class_name="visually-hidden"),
        to=_STATE.here + "&unlink=" + row.id,
    )


def _sure() -> Any:
    """Say what ends with the link before it ends."""
    return sure(
        _("Unlink this account from the sign-in?"),
        rx.el.p(rx.el.strong(_STATE.unlinking_what)),
        rx.el.p(
            _(
                "They no longer see its bills and usage, and its alerts stop. Those they shared it"
                " with lose their access as well. Nothing changes in the city's books. They are"
                " told by email, and can link it again with its two numbers."
            )
        ),
        act=_("Unlink"),
        on_click=_STATE.unlink(_STATE.unlinking),
        back=_STATE.here,
    )


def _bills() -> Any:
    return section(
        _("Bills") + " (" + _STATE.card.bills_total + ")",
        "bills",
        rx.cond(
            _STATE.bills.length() > 0,
            table(
                _("Bills"),
                [
                    Column(_("Bill"), _bill_number, head=True),
                    Column(_("Account Number"), lambda row: row.account),
                    Column(_("Bill Date"), lambda row: row.dated),
                    Column(_("Due Date"), lambda row: row.due),
                    Column(_("Charges"), lambda row: row.billed, kind="money"),
                    Column(_("Balance Due"), lambda row: row.owed, kind="money", beside=True),
                    Column(_("Status"), lambda row: status_word(row.status, row.tone)),
                    Column(_("Note"), lambda row: row.note),
                ],
                _STATE.bills,
                hide_caption=True,
                dense=True,
                phone="cards brief",
            ),
            empty(_("No bill yet.")),
        ),
        rx.cond(
            _STATE.last > 1,
            page_links(_STATE.page, _STATE.last, lambda n: _bills_page(n.to_string())),
        ),
    )


def _bills_page(page: Any) -> Any:
    return routes.link(routes.ADMIN_CUSTOMER) + "?id=" + _STATE.card.id + "&page=" + page


def _bill_number(row: Any) -> Any:
    return rx.cond(
        row.print != "",
        anchor(row.number, rx.el.span(" (PDF)", class_name="visually-hidden"), href=row.print),
        row.number,
    )


def _paid() -> Any:
    return section(
        _("Payments made here"),
        "payments",
        rx.cond(
            _STATE.payments.length() > 0,
            payment_table(_("Payments made here"), _STATE.payments, hide_caption=True),
            empty(_("No payment was made here yet.")),
        ),
    )


def _messages() -> Any:
    return section(
        _("Messages sent"),
        "messages",
        rx.cond(
            _STATE.messages.length() > 0,
            message_table(_("Messages sent"), _STATE.messages, hide_caption=True),
            empty(_("No message was sent yet.")),
        ),
    )


def _audit() -> Any:
    return section(
        _("Who did what"),
        "audit",
        table(
            _("Who did what"),
            [
                Column(_("When"), lambda row: row.at, head=True),
                Column(_("Who"), lambda row: row.who),
                Column(_("Act"), lambda row: row.act),
            ],
            _STATE.audit,
            hide_caption=True,
            dense=True,
            phone="cards brief",
        ),
        rx.cond(
            _STATE.whole_audit != "",
            rx.el.p(link(_("Everything in the audit"), to=_STATE.whole_audit)),
        ),
    )


pages = (
    Page(
        route=routes.ADMIN_CUSTOMER,
        view=customer,
        title=N_("Customer"),
        access=STAFF,
        on_load=(_STATE.load_customer,),
    ),
    Page(
        route=routes.ADMIN_RESIDENT,
        view=resident,
        title=N_("Sign-in"),
        access=STAFF,
        on_load=(_STATE.load_resident,),
    ),
)
