"""Account Summary: the amount, the day and the one button; then why; then the rest."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.account_summary import AccountSummaryState as State
from portal.state.base import RESIDENT
from portal.ui import bars, feedback, form, menu, shell, table
from portal.ui.native import link
from portal.ui.table import Column


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Account Summary"),
        feedback.waiting(_content()),
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.p(
            State.service_address, " · ", _("Account"), " ", State.account_no, class_name="muted"
        ),
        _balance(),
        _links(),
        _use(),
        _payments(),
        _services(),
        rx.el.div(_billing_account(), _customer(), class_name="split part-gap"),
    )


def _to(path: str) -> Any:
    return routes.link(path) + "?account=" + State.account


def _balance() -> Any:
    """Draw Your Current Balance: the biggest thing on the page."""
    return rx.el.section(
        rx.el.h2(_("Your Current Balance")),
        rx.el.div(
            rx.el.dl(
                rx.el.dt(_("Amount Due Now")),
                rx.el.dd(table.money(State.amount_due, big=True)),
                rx.el.dt(_("Payment Due Date")),
                rx.el.dd(rx.cond(State.due_date != "", State.due_date, _("Nothing is due"))),
                class_name="due",
            ),
            rx.cond(State.can_pay, _pay_now(), rx.fragment()),
            class_name="sum",
        ),
        rx.cond(State.due_words != "", rx.el.p(State.due_words)),
        rx.cond(
            State.past_due != "",
            rx.el.p(feedback.status_word(_("Past due"), "bad"), ": ", table.money(State.past_due)),
        ),
        rx.cond(
            State.credit != "",
            rx.el.p(_("A credit on your account is taken off: "), table.money(State.credit)),
        ),
        rx.cond(
            State.why != "",
            rx.el.p(
                State.why,
                ". ",
                link(
                    _("See bill") + " " + State.bill_no,
                    to=routes.link(routes.BILL) + "?id=" + State.bill + "&account=" + State.account,
                ),
            ),
        ),
        rx.cond(State.to_look_at, feedback.only_to_look_at()),
        rx.cond(
            State.moved_out != "",
            feedback.notice(
                rx.el.p(
                    _("You left this address on "),
                    State.moved_out,
                    _(". Bills and reads up to then stay here for you."),
                ),
            ),
        ),
    )


def _pay_now() -> Any:
    if not menu.is_offered(routes.CART):
        return rx.fragment()
    return form.button(city().labels.pay_now.say(), primary=True, on_click=State.pay_now)


def _links() -> Any:
    """Draw the guide's row of links, those that lead to a page that exists."""
    labels = city().labels
    named = (
        (_("Link to Account"), routes.LINK, routes.link(routes.LINK)),
        (labels.change_address.say(), routes.ADDRESS, _to(routes.ADDRESS)),
        (_("Manage Bills"), routes.BILLS, _to(routes.BILLS)),
        (labels.daily_usage.say(), routes.USAGE, _to(routes.USAGE)),
    )
    return rx.el.ul(
        *[_link(text, path, to) for text, path, to in named if menu.is_offered(path)],
        class_name="links",
    )


def _link(text: str, path: str, to: Any) -> Any:
    drawn = rx.el.li(link(text, to=to))
    # Where the bills go is a holder's to say, and no delegate's.
    return rx.cond(State.holds, drawn) if path == routes.ADDRESS else drawn


def _use() -> Any:
    """Draw what the last bills charged for; its numbers stand in View Consumption."""
    return rx.cond(
        State.use != "",
        rx.el.section(
            rx.el.h2(_("Water use")),
            rx.el.p(_("On your last bill: "), State.use),
            rx.el.div(bars.bar_chart(State.bars), class_name="few column", aria_hidden="true"),
        ),
    )


def _payments() -> Any:
    return rx.el.section(
        rx.el.h2(_("About Your Payments")),
        rx.cond(
            State.payments.length() > 0,
            _payment_table(),
            feedback.empty(_("Payments on your bills will stand here.")),
        ),
    )


def _payment_table() -> Any:
    return rx.fragment(
        table.table(
            _("About Your Payments"),
            [
                Column(_("Bill"), lambda row: row.bill, head=True),
                Column(_("Last Posted"), _last_posted),
                Column(_("Sum of Payments"), lambda row: row.total, kind="money", beside=True),
                Column(_("View Details"), _view_details, hide_label=True),
            ],
            State.payments,
            hide_caption=True,
            phone="cards brief",
        ),
        rx.el.p(link(_("Past Bills"), to=_to(routes.BILLS) + "&show=past", class_name="tap")),
    )


def _last_posted(row: Any) -> Any:
    return rx.el.span(
        row.last_posted,
        rx.cond(row.note != "", rx.el.span(row.note, class_name="small muted note")),
        class_name="stacked",
    )


def _view_details(row: Any) -> Any:
    return link(
        _("details"),
        rx.el.span(" ", _("of bill"), " ", row.bill, class_name="visually-hidden"),
        to=routes.link(routes.BILL) + "?id=" + row.id + "&account=" + State.account + "#payments",
    )


def _services() -> Any:
    return rx.el.section(
        rx.el.h2(_("Services")),
        table.table(
            _("Services"),
            [
                Column(_("Service"), lambda row: row.name, head=True, hide_label=True),
                Column(_("Code"), lambda row: row.code),
                Column(_("Start Date"), lambda row: row.start),
                Column(_("Stop Date"), lambda row: row.stop),
                Column(_("Status"), lambda row: row.status),
                Column(_("Consumption History"), _consumption),
            ],
            State.services,
            hide_caption=True,
            phone="cards brief",
        ),
    )


def _consumption(row: Any) -> Any:
    return rx.cond(
        row.consumption,
        link(
            _("View Consumption"),
            rx.el.span(" ", row.name, class_name="visually-hidden"),
            to=_to(routes.CONSUMPTION) + "&service=" + row.code,
        ),
        rx.el.span(_("None")),
    )


def _billing_account() -> Any:
    delivery = rx.el.span(State.delivery)
    if menu.is_offered(routes.DELIVERY):
        delivery = rx.el.span(
            State.delivery,
            " ",
            rx.cond(State.holds, _change_delivery()),
        )
    return rx.el.section(
        rx.el.h2(_("Billing Account")),
        table.facts(
            (_("Service Address"), State.service_address),
            (_("Account Number"), State.account_no),
            (_("Bill Delivery Preference"), delivery),
        ),
    )


def _change_delivery() -> Any:
    return link(
        _("Change"),
        rx.el.span(" ", _("Bill Delivery Preference"), class_name="visually-hidden"),
        to=_to(routes.DELIVERY),
    )


def _customer() -> Any:
    return rx.el.section(
        rx.el.h2(_("Customer Information")),
        table.facts(
            (_("Name"), State.name),
            (
                _("Address"),
                rx.foreach(State.address, lambda line: rx.el.span(line, class_name="line")),
            ),
            (_("Customer ID"), State.customer_id),
        ),
    )


pages = (
    Page(
        route=routes.SUMMARY,
        view=view,
        title=N_("Account Summary"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
