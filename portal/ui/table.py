"""Facts, money and tables. On a phone a wide table becomes a list; a reader keeps the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal.kit.text import _
from portal.ui.native import link


@dataclass(frozen=True)
class Column:
    """A column: its heading and what draws its cell out of a row.

    `kind`: "" for words, "money" or "number" for right-aligned figures, "nowrap" for what stays on
    one line, "act" for buttons, which paper leaves out. `head` marks the cell that
    names the row. `hide_label` leaves the heading out on a phone, where the cell speaks for itself.
    `beside`: in a brief list, the figure that stands opposite the row's name. `shown`: a Var;
    where it does not hold, the whole column is left out.
    """

    title: Any
    cell: Callable[[Any], Any]
    kind: str = ""
    head: bool = False
    hide_label: bool = False
    beside: bool = False
    shown: Any = True


def table(
    caption: Any,
    columns: Sequence[Column],
    rows: Any,
    *,
    foot: Any = None,
    hide_caption: bool = False,
    dense: bool = False,
    phone: str = "cards",
    **props: Any,
) -> Any:
    """Draw a table of `rows`: a Var of a list of frozen dataclasses, or a plain list of them.

    `phone`: what it is on a phone. "cards" says a cell a line, "cards brief" the row's name and
    its figure on one line and the rest small below, "narrow" stays a table: three columns fit.

    `caption`: text, a Var or drawn words; it names the table to everybody, hide it where a heading
    does. `foot`: drawn `<tr>`s.
    """
    body = (
        [_row(columns, row) for row in rows]
        if isinstance(rows, list | tuple)
        else [rx.foreach(rows, lambda row: _row(columns, row))]
    )
    return rx.el.div(
        rx.el.table(
            rx.el.caption(caption, class_name="visually-hidden" if hide_caption else ""),
            rx.el.thead(
                rx.el.tr(*[_heading(column) for column in columns], role="row"),
                role="rowgroup",
            ),
            rx.el.tbody(*body, role="rowgroup"),
            *([rx.el.tfoot(foot, role="rowgroup")] if foot is not None else []),
            class_name=f"{phone} dense" if dense else phone,
            role="table",
            **props,
        ),
        class_name="table-box",
    )


def _heading(column: Column) -> Any:
    drawn = rx.el.th(column.title, scope="col", class_name=column.kind, role="columnheader")
    return drawn if column.shown is True else rx.cond(column.shown, drawn)


def _row(columns: Sequence[Column], row: Any) -> Any:
    return rx.el.tr(*[cell(column, column.cell(row)) for column in columns], role="row")


def cell(column: Column, content: Any) -> Any:
    """Draw one cell; the roles are said because a card layout takes a table's own away."""
    label = {} if column.hide_label else {"custom_attrs": {"data-label": column.title}}
    if column.head:
        return rx.el.th(content, scope="row", class_name=column.kind, role="rowheader", **label)
    kind = f"{column.kind} beside" if column.beside else column.kind
    drawn = rx.el.td(content, class_name=kind, role="cell", **label)
    return drawn if column.shown is True else rx.cond(column.shown, drawn)


def facts(*pairs: tuple[Any, Any]) -> Any:
    """Draw a list of (term, value): Service Address, Account Number ..."""
    drawn: list[Any] = []
    for term, value in pairs:
        drawn += [rx.el.dt(term), rx.el.dd(value)]
    return rx.el.dl(*drawn, class_name="facts")


def money(amount: Any, *, big: bool = False) -> Any:
    """Draw an amount that was formatted in the view: figures under figures, never wrapped."""
    return rx.el.span(amount, class_name="amount" if big else "money")


def numbered(here: Any) -> Any:
    """Return what adds a page's number to `here`, an address with or without a query."""
    return lambda n: here + rx.cond(here.contains("?"), "&", "?") + "page=" + n.to_string()


def pages(number: Any, last: Any, href: Callable[[Any], Any]) -> Any:
    """Draw Previous and Next around "Page 2 of 7". `number`, `last`: int Vars."""
    return rx.el.nav(
        rx.cond(number > 1, link(_("Previous"), to=href(number - 1), class_name="tap")),
        rx.el.span(_("Page"), " ", number.to_string(), " ", _("of"), " ", last.to_string()),
        rx.cond(number < last, link(_("Next"), to=href(number + 1), class_name="tap")),
        class_name="pages",
        aria_label=_("Pages"),
    )


def figure_with_table(figure: Any, sentence: Any, table_part: Any, *, label: Any) -> Any:
    """Draw a figure that a reader skips, with the sentence and the table that say the same."""
    return rx.el.figure(
        rx.el.figcaption(sentence),
        rx.el.div(figure, class_name="chart", aria_hidden="true"),
        in_numbers(table_part),
        aria_label=label,
    )


def in_numbers(table_part: Any) -> Any:
    """Draw a figure's table: on a phone it opens on demand, else and on paper it is open."""
    return rx.el.details(
        rx.el.summary(_("The same in numbers")), table_part, class_name="more open-wide"
    )
