"""Bars of a small chart, their heights worked out here: the screen only draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.kit.text import month_of, number


@dataclass(frozen=True)
class Bar:
    """A bar: what stands under it and over it, and its height ("62%"). `kind`: see portal.css."""

    label: str = ""
    value: str = ""
    height: str = "0%"
    kind: str = "use-bar"


def bars(points: Sequence[tuple[date, Decimal | None, bool]], *, now: int = -1) -> list[Bar]:
    """Return bars of (day, value, estimated) as high as the highest; None is a gap, not zero.

    `now` is the index of the bar to stand out, -1 for none.
    """
    top = max((value for _, value, _ in points if value is not None), default=Decimal(0))
    drawn = []
    for index, (at, value, estimated) in enumerate(points):
        label = month_of(at, short=True)
        if value is None:
            drawn.append(Bar(label, "", "0%", "use-bar gap"))
            continue
        part = int(value * 100 / top) if top > 0 and value > 0 else 0
        kind = "use-bar" + (" estimated" if estimated else "") + (" now" if index == now else "")
        drawn.append(Bar(label, number(value, 3), f"{part}%", kind))
    return drawn
