"""View Consumption: the usage that bills were made of."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.consumption import ConsumptionState as State
from portal.ui import bars, feedback, menu, shell, table
from portal.ui.native import link
from portal.ui.table import Column


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Billed consumption"),
        feedback.waiting(_content()),
        back=feedback.once_loaded(
            link(_("Account Summary"), to=_to(routes.SUMMARY), class_name="back")
        ),
    )


def _to(path: str) -> Any:
    return routes.link(path) + "?account=" + State.account


def _content() -> Any:
    return rx.fragment(
        table.facts(
            (_("Service"), State.service),
            (_("Service Address"), State.service_address),
            (_("Account ID"), State.account_no),
            (_("Customer ID"), State.customer_id),
        ),
        rx.cond(State.others.length() > 0, _others(), rx.fragment()),
        rx.cond(
            State.rows.length() > 0,
            _history(),
            feedback.empty(_("No billed usage is known for this account yet.")),
        ),
        _daily(),
    )


def _others() -> Any:
    return rx.el.ul(
        rx.foreach(
            State.others,
            lambda other: rx.el.li(
                link(other.name, to=_to(routes.CONSUMPTION) + "&service=" + other.code)
            ),
        ),
        class_name="links",
    )


def _history() -> Any:
    return rx.el.section(
        rx.el.h2(_("Consumption History")),
        table.figure_with_table(
            bars.bar_chart(State.bars),
            State.sentence,
            table.table(
                _("Consumption History"),
                [
                    Column(_("Read Date"), lambda row: row.read_date, head=True),
                    Column(_("Meter Number"), lambda row: row.meter),
                    Column(_("Days"), lambda row: row.days, kind="number"),
                    Column(_("Previous Meter Read"), lambda row: row.previous, kind="number"),
                    Column(_("Current Meter Read"), lambda row: row.current, kind="number"),
                    Column(_("Usage"), lambda row: row.usage, kind="number", beside=True),
                    Column(_("Read"), lambda row: row.kind),
                ],
                State.rows,
                hide_caption=True,
                dense=True,
                phone="cards brief",
            ),
            label=_("Consumption History"),
        ),
        rx.cond(State.unit != "", rx.el.p(State.unit, class_name="muted")),
    )


def _daily() -> Any:
    if not menu.is_offered(routes.USAGE):
        return rx.fragment()
    return rx.el.p(
        _("For use day by day and hour by hour, see "),
        link(_("View Daily Usage"), to=_to(routes.USAGE)),
        ".",
    )


pages = (
    Page(
        route=routes.CONSUMPTION,
        view=view,
        title=N_("View Consumption"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
