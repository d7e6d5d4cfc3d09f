"""View Daily Usage: dates and grouping, a sentence, the chart, the table with the same numbers."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.usage import UsageState
from portal.style import telephone
from portal.ui import feedback, form, shell, table, usage_chart
from portal.ui.native import anchor, link
from portal.ui.table import Column


def view() -> Any:
    """Draw the usage page."""
    return shell.page(
        _("Usage"),
        feedback.waiting(_content()),
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.div(
            rx.el.p(
                _("Water Usage For Account ID:"),
                " ",
                UsageState.account_no,
                ", ",
                _("Customer ID:"),
                " ",
                UsageState.cid,
                class_name="muted",
            ),
            link(
                _("My Notifications"),
                to=routes.link(routes.NOTIFICATIONS) + "?account=" + UsageState.account,
                class_name="button no-print",
            ),
            class_name="head",
        ),
        rx.cond(UsageState.left != "", feedback.notice(rx.el.p(UsageState.left))),
        rx.cond(UsageState.is_billed, _billed(), _metered()),
        _around(),
    )


def _metered() -> Any:
    return rx.el.div(
        _controls(),
        rx.el.h2(UsageState.caption),
        rx.el.p(UsageState.sentence),
        _figure(),
        _neighbours(),
        rx.el.p(
            rx.el.strong(UsageState.freshness),
            " ",
            city().usage.delay_note.say(),
            class_name="fresh",
        ),
        rx.cond(
            UsageState.average != "",
            rx.el.p(
                _("Your usage average for the past 30 days is"),
                " ",
                rx.el.strong(UsageState.average),
                " ",
                _("gallons a day."),
            ),
        ),
        table.in_numbers(_rows(_("Date"))),
        class_name="usage-part",
    )


def _billed() -> Any:
    return rx.el.div(
        feedback.notice(
            rx.el.p(
                _(
                    "There are no daily readings for this account: its meter does not send any."
                    " What your bills charged for is shown instead."
                )
            ),
            link(
                _("View Consumption"),
                to=routes.link(routes.CONSUMPTION) + "?account=" + UsageState.account,
                class_name="tap",
            ),
        ),
        rx.cond(
            UsageState.sentence != "",
            rx.el.div(
                rx.el.h2(UsageState.caption),
                rx.el.p(UsageState.sentence),
                _figure(),
                table.in_numbers(_rows(_("Read Date"))),
                class_name="usage-part",
            ),
            feedback.empty(_("Your use appears here after the first bill.")),
        ),
        class_name="usage-part",
    )


def _controls() -> Any:
    groupings = [
        ("daily", _("Daily")),
        ("monthly", _("Monthly")),
        ("yearly", _("Yearly")),
        ("hourly", _("Hourly")),
    ]
    return form.form(
        form.field("begin", _("Beginning Date"), type="date", default_value=UsageState.begin),
        form.field("end", _("End Date"), type="date", default_value=UsageState.end),
        form.select("grouping", _("Grouping"), groupings, default_value=UsageState.grouping),
        form.submit(_("Show")),
        on_submit=UsageState.show,
        # Drawn anew for each range: the browser keeps what was typed into a drawn field.
        key=UsageState.begin + UsageState.end + UsageState.grouping,
        class_name="filters no-print",
    )


def _figure() -> Any:
    return rx.el.figure(
        rx.el.div(
            usage_chart.chart(
                UsageState.bars, UsageState.axis, UsageState.unit, UsageState.open_bar
            ),
            class_name="chart",
            aria_hidden="true",
        ),
        usage_chart.legend(
            ("measured", _("Measured")),
            ("estimated", _("Partly estimated or incomplete")),
            ("missing", _("No reading, or not yet received")),
        ),
        rx.cond(
            UsageState.has_limit,
            usage_chart.legend(("over", _("Above your threshold"))),
        ),
        aria_label=UsageState.caption,
    )


def _neighbours() -> Any:
    return rx.el.nav(
        rx.cond(
            UsageState.earlier != "",
            link(_("Previous"), to=UsageState.earlier, class_name="button"),
            rx.el.span(),
        ),
        rx.cond(
            UsageState.later != "",
            link(_("Next"), to=UsageState.later, class_name="button"),
            rx.el.span(),
        ),
        class_name="pages no-print",
        aria_label=_("Dates"),
    )


def _rows(first: str) -> Any:
    return table.table(
        UsageState.caption,
        [
            Column(first, _when, head=True),
            Column(
                _("Usage") + " (" + UsageState.unit + ")",
                lambda row: row.value,
                kind="number",
            ),
            Column(_("Note"), lambda row: row.note),
        ],
        UsageState.bars,
        hide_caption=True,
        dense=True,
        phone="narrow",
        foot=rx.cond(
            UsageState.is_billed,
            rx.fragment(),
            rx.el.tr(
                rx.el.th(_("Total"), scope="row", role="rowheader"),
                rx.el.td(UsageState.total, class_name="number", role="cell"),
                rx.el.td(role="cell"),
                role="row",
            ),
        ),
    )


def _when(row: Any) -> Any:
    return rx.cond(row.href != "", link(row.label, to=row.href), rx.el.span(row.label))


def _around() -> Any:
    """Draw what the guides show beside the chart: contact, useful links, tips."""
    town = city()
    return rx.el.div(
        rx.el.section(
            rx.el.h2(_("CONTACT US")),
            rx.el.ul(
                rx.el.li(link(_("Online Form"), to=routes.link(routes.CONTACT))),
                rx.el.li(anchor(_("E-Mail"), href="mailto:" + town.contact.email)),
                rx.el.li(
                    _("Phone: "), anchor(town.contact.phone, href=telephone(town.contact.phone))
                ),
                class_name="links down",
            ),
        ),
        rx.el.section(
            rx.el.h2(_("USEFUL LINKS")),
            rx.el.ul(
                *[rx.el.li(anchor(one.label.say(), href=one.url)) for one in town.useful_links],
                class_name="links down",
            ),
        ),
        rx.el.section(
            rx.el.h2(_("TIPS")),
            rx.el.ol(*[rx.el.li(tip.say()) for tip in town.usage.tips], class_name="bullets"),
            rx.el.p(town.usage.cycle_note.say(), class_name="muted"),
        ),
        class_name="split part-gap no-print",
    )


pages = (
    Page(
        route=routes.USAGE,
        view=view,
        title=N_("Usage"),
        access=RESIDENT,
        on_load=(UsageState.load,),
        module="utility_billing",
    ),
)
