"""Accounts: what is linked and what it owes, Link to Account, and the removal of a link."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.search_results import manage_bills
from portal.state.accounts import AccountsState as State
from portal.state.base import RESIDENT
from portal.ui import feedback, form, shell
from portal.ui.native import anchor, link
from portal.ui.table import Column, facts, money, table
from portal.ui.table import pages as pages_of


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Utility Billing Accounts"),
        feedback.waiting(rx.cond(State.removing != "", _confirmation(), _accounts())),
    )


def _accounts() -> Any:
    return rx.fragment(
        rx.el.p(_("Select an account to work with.")),
        rx.el.p(
            link(_("Link to Account"), to=routes.link(routes.LINK), class_name="button primary")
        ),
        rx.cond(
            State.none_linked,
            _none(),
            rx.fragment(
                rx.cond(State.is_many, _find()),
                rx.foreach(State.groups, _group),
                rx.cond(State.last > 1, pages_of(State.page, State.last, _page)),
            ),
        ),
    )


def _none() -> Any:
    return rx.el.section(
        rx.el.h2(_("Unlinked accounts"), id="unlinked"),
        rx.el.p(_("No Utility Billing accounts have been linked to this user.")),
        aria_labelledby="unlinked",
    )


def _page(number: Any) -> Any:
    return State.here + "page=" + number.to_string()


def _find() -> Any:
    """Draw search, order and groups, what was found and owes, and what can be done with all."""
    return rx.fragment(
        form.form(
            form.field(
                "q",
                _("Find an account"),
                hint=_("Account number, customer ID, name or address"),
                auto_complete="off",
                default_value=State.words,
            ),
            form.select(
                "group",
                _("Group by"),
                [
                    ("", _("No groups")),
                    ("customer", _("Customer")),
                    ("street", _("Street")),
                    ("district", _("District")),
                ],
                default_value=State.group,
            ),
            form.select(
                "sort",
                _("Sort by"),
                [("", _("Address")), ("due", _("Amount due"))],
                default_value=State.sort,
            ),
            form.actions(form.button(_("Search"), kind="submit")),
            on_submit=State.search,
            role="search",
            class_name="filters",
            key=State.here,
        ),
        facts(
            (_("Accounts"), rx.el.span(State.found, role="status")),
            (_("Total due"), money(State.total)),
        ),
        form.actions(
            rx.cond(
                State.may_add,
                form.button(_("Add all that is due to the cart"), on_click=State.add_all),
            ),
            anchor(_("Download as a table (CSV)"), href=State.download, class_name="button"),
        ),
    )


def _group(group: Any) -> Any:
    return rx.el.section(
        rx.cond(
            group.name != "",
            rx.el.div(rx.el.h2(group.name), rx.el.p(money(group.due)), class_name="head"),
        ),
        table(
            rx.cond(group.name != "", group.name, _("Linked accounts")),
            [
                Column(
                    _("Account Number"),
                    lambda row: link(
                        row.account_no, to=routes.link(routes.SUMMARY) + "?account=" + row.account
                    ),
                    head=True,
                ),
                Column(_("Customer"), lambda row: rx.fragment(row.name, " ", row.cid)),
                Column(_("Service Address"), _address),
                Column(_("Pay By"), _pay_by),
                Column(_("Amount Due Now"), lambda row: row.due, kind="money", beside=True),
                Column(_("Manage Bills"), _acts, hide_label=True),
            ],
            group.rows,
            hide_caption=True,
            phone="cards brief",
        ),
    )


def _address(row: Any) -> Any:
    return rx.fragment(
        row.address,
        rx.cond(row.until != "", rx.el.span(" ", row.until, class_name="line muted")),
        rx.cond(row.shared != "", rx.el.span(" ", row.shared, class_name="line muted")),
    )


def _pay_by(row: Any) -> Any:
    late = feedback.status_word(_("Past due") + " " + row.pay_by, "bad")
    return rx.cond(row.late, late, row.pay_by)


def _acts(row: Any) -> Any:
    def to(words: str, path: str, name: str, value: Any) -> Any:
        return link(
            words,
            rx.el.span(" ", row.account_no, class_name="visually-hidden"),
            to=routes.link(path) + f"?{name}=" + value,
        )

    # In a long list a row stays short: the account's own menu leads to its people as well.
    people = to(_("People"), routes.PEOPLE, "account", row.account)
    return rx.el.span(
        manage_bills(row),
        rx.cond(row.holds & ~State.is_many, people),
        to(_("Remove link"), routes.ACCOUNTS, "remove", row.link_id),
        class_name="row",
    )


def _confirmation() -> Any:
    return feedback.sure(
        _("Remove this account from your sign-in?"),
        rx.el.p(rx.el.strong(State.removing_account)),
        rx.el.p(
            _(
                "You no longer see its bills and usage, and its alerts stop. Nothing changes"
                " in the city's books. You can link it again with its two numbers."
            )
        ),
        rx.cond(
            State.removing_holds,
            rx.el.p(_("Those you shared it with lose their access as well.")),
        ),
        act=_("Remove"),
        on_click=State.remove,
        back=routes.link(routes.ACCOUNTS),
    )


pages = (
    Page(
        route=routes.ACCOUNTS,
        view=view,
        title=N_("Accounts"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
