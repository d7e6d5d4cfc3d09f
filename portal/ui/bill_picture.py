"""The top of this city's bill, drawn: where the two numbers stand that a link asks for."""

from typing import Any

import reflex as rx

from portal.cities import city
from portal.cities.model import BillBox
from portal.kit.text import _

_WIDTH, _BOX_WIDTH, _BOX_HEIGHT, _TOP, _GAP = 400, 188, 54, 52, 8


def bill_picture() -> Any:
    """Draw the picture and, below it, the same in words."""
    boxes = city().billing.bill_picture
    rows = -(-len(boxes) // 2)
    height = _TOP + rows * (_BOX_HEIGHT + _GAP) + 2 * _GAP
    return rx.el.figure(
        rx.el.figcaption(_("Where the numbers stand on your bill")),
        rx.el.svg(
            rx.el.svg.rect(x="1", y="1", width=str(_WIDTH - 2), height=str(height - 2), rx="4"),
            rx.el.svg.text(city().full_name, x="12", y="32", class_name="town"),
            *[_box(box, i) for i, box in enumerate(boxes)],
            view_box=f"0 0 {_WIDTH} {height}",
            aria_hidden="true",
            class_name="bill-picture",
        ),
        rx.el.ol(
            rx.el.li(_("Account ID: on your bill %(label)s", label=_labelled("account"))),
            rx.el.li(_("CID: on your bill %(label)s", label=_labelled("customer"))),
        ),
        rx.el.p(city().billing.bill_picture_note.say()),
    )


def _labelled(number: str) -> str:
    boxes = city().billing.bill_picture
    return "“" + next(box.label for box in boxes if box.shows in (number, "both")) + "”"


def _box(box: BillBox, i: int) -> Any:
    x = _GAP + (i % 2) * (_BOX_WIDTH + _GAP)
    y = _TOP + (i // 2) * (_BOX_HEIGHT + _GAP)
    bold = " marked" if box.shows else ""
    marks = {"account": ("1",), "customer": ("2",), "both": ("1", "2")}.get(box.shows, ())
    return rx.el.svg.g(
        rx.el.svg.rect(
            x=str(x),
            y=str(y),
            width=str(_BOX_WIDTH),
            height=str(_BOX_HEIGHT),
            class_name="box" + bold,
        ),
        rx.el.svg.text(box.label, x=str(x + 8), y=str(y + 19), class_name="label"),
        rx.el.svg.text(
            box.sample, x=str(x + 8), y=str(y + 42), class_name="sample" + bold
        ),
        *_marks(marks, x, y),
    )  # fmt: skip


def _marks(marks: tuple[str, ...], x: int, y: int) -> list[Any]:
    if len(marks) == 2:  # both numbers in one box: each mark hangs below its own
        return [_mark("1", x + 31, y + _BOX_HEIGHT + 2), _mark("2", x + 104, y + _BOX_HEIGHT + 2)]
    return [_mark(mark, x + _BOX_WIDTH - 16, y + _BOX_HEIGHT - 16) for mark in marks]


def _mark(number: str, x: int, y: int) -> Any:
    return rx.el.svg.g(
        rx.el.svg.circle(cx=str(x), cy=str(y), r="10", class_name="mark"),
        rx.el.svg.text(number, x=str(x - 4), y=str(y + 5), class_name="mark-number"),
    )
