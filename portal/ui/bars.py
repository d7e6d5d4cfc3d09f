"""A small bar chart, drawn with boxes: a figure that a table beside it says in numbers."""

from typing import Any

import reflex as rx


def bar_chart(rows: Any) -> Any:
    """Draw bars of `rows`: a Var of a list of (label, value, height, kind)."""
    return rx.el.div(rx.foreach(rows, _bar), class_name="bars")


def _bar(row: Any) -> Any:
    return rx.el.div(
        rx.el.div(
            rx.el.span(row.value, class_name="bar-value"),
            rx.el.div(class_name=row.kind, style={"height": row.height}),
            class_name="bar-area",
        ),
        rx.el.span(row.label, class_name="bar-label"),
        class_name="bar-slot",
    )
