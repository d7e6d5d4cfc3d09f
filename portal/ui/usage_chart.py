"""Bars of water use: drawn by the server first, by plotly once it is here; both say the same.

A reader skips the figure: the sentence and the table beside it hold every number.
"""

from typing import Any

import reflex as rx
from plotly.graph_objs import Figure
from reflex.utils.imports import ImportVar
from reflex.vars import VarData

from portal.ui.native import link

_FIGURE = VarData(imports={"$/public/usage_chart.js": [ImportVar(tag="usageFigure")]})


def chart(bars: Any, axis: Any, unit: Any, on_open: Any) -> Any:
    """Draw bars. `bars`: a Var of a list of BarRow; `on_open(place)` goes into one."""
    return rx.el.div(
        _drawn_by_server(bars, axis, unit),
        rx.el.div(_drawn_by_plotly(bars, axis, unit, on_open), class_name="plot"),
        class_name="usage-chart",
    )


def _drawn_by_server(bars: Any, axis: Any, unit: Any) -> Any:
    return rx.el.div(
        rx.el.div(
            rx.el.span(unit, class_name="unit"),
            rx.el.span(axis.top_label),
            rx.el.span(axis.half_label),
            rx.el.span("0"),
            class_name="scale",
        ),
        rx.el.div(rx.foreach(bars, _bar), class_name="use-bars"),
        class_name="server-bars",
    )


def _bar(bar: Any) -> Any:
    block = rx.el.span(
        class_name="block " + bar.kind + rx.cond(bar.over, " over", ""),
        style={"height": bar.height},
    )
    return rx.el.div(
        rx.cond(
            bar.href != "",
            link(block, to=bar.href, class_name="column", tab_index=-1),
            rx.el.span(block, class_name="column"),
        ),
        rx.el.span(bar.tick, class_name="tick"),
        class_name="bar-cell",
        title=bar.label + ": " + bar.value + rx.cond(bar.note != "", ", " + bar.note, ""),
        key=bar.key,
    )


def _drawn_by_plotly(bars: Any, axis: Any, unit: Any, on_open: Any) -> Any:
    figure = rx.Var(
        _js_expr=f"usageFigure({bars!s}, {axis.top!s}, {unit!s})",
        _var_data=VarData.merge(
            _FIGURE, bars._get_all_var_data(), axis._get_all_var_data(), unit._get_all_var_data()
        ),
    ).to(Figure)
    return rx.plotly.basic(
        data=figure,
        template=None,
        config={"displayModeBar": False, "responsive": True},
        use_resize_handler=True,
        on_click=lambda points: on_open(points.to(list[dict[str, int]])[0]["pointNumber"]),
        style={"width": "100%", "height": "100%"},
    )


def legend(*entries: tuple[str, Any]) -> Any:
    """Draw what the marks mean: (kind, words) pairs."""
    return rx.el.ul(
        *[
            rx.el.li(rx.el.span(class_name="block " + kind, aria_hidden="true"), words)
            for kind, words in entries
        ],
        class_name="chart-legend",
    )
