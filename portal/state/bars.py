"""Bars of a small chart, their heights worked out here: the screen only draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.kit.text import number


@dataclass(frozen=True)
class Bar:
    """A bar: what stands under it and over it, and its height ("62%"). `kind`: see portal.css."""

    label: str = ""
    value: str = ""
    height: str = "0%"
    kind: str = "bar"


def bars(points: Sequence[tuple[str, Decimal | None, bool]], *, now: int = -1) -> list[Bar]:
    """Return bars of (label, value, estimated) as high as the highest; None is a gap, not zero.

    `now` is the index of the bar to stand out, -1 for none.
    """
    top = max((value for _, value, _ in points if value is not None), default=Decimal(0))
    drawn = []
    for index, (label, value, estimated) in enumerate(points):
        if value is None:
            drawn.append(Bar(label, "", "0%", "bar gap"))
            continue
        part = int(value * 100 / top) if top > 0 and value > 0 else 0
        kind = "bar" + (" estimated" if estimated else "") + (" now" if index == now else "")
        drawn.append(Bar(label, number(value, 3), f"{part}%", kind))
    return drawn
