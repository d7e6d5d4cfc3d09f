"""A meter's local day: its hours, what each is worth, and which delivery it came in.

Pure. Values are thousandths of a gallon; a missing hour is None, never zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

MISSING = "-"
DIFFERENCE = "d"  # ours: one hour between two registers
GAP = "g"  # ours: an even share of what a gap used; its total is right, its shape unknown
OURS = frozenset((DIFFERENCE, GAP))
SENT = frozenset("READM")
ESTIMATED = frozenset(("E", "M", GAP))


@dataclass(slots=True)
class Day:
    """Hours of one meter's day. `origin` names hour by hour the delivery: record time and file."""

    hours: list[int | None]
    quality: list[str]
    origin: list[str]
    changed: bool = field(default=False, compare=False)

    @classmethod
    def empty(cls, length: int) -> "Day":
        """Return a day of `length` hours (23, 24 or 25) without one read."""
        return cls([None] * length, [MISSING] * length, [""] * length)

    def put(self, slot: int, value: int, letter: str, stamp: str) -> None:
        """Take a value as sent: it replaces ours always, another sent one unless that is newer."""
        if self.quality[slot] in SENT and stamp < self.origin[slot]:
            return
        if (self.hours[slot], self.quality[slot], self.origin[slot]) == (value, letter, stamp):
            return
        self.hours[slot], self.quality[slot], self.origin[slot] = value, letter, stamp
        self.changed = True

    def put_run(self, start: int, values: list[int], letters: str, stamp: str) -> None:
        """Take consecutive values from hour `start`: at once where nothing stands there yet."""
        end = start + len(values)
        if self.hours[start:end].count(None) == len(values):
            self.hours[start:end] = values
            self.quality[start:end] = letters
            self.origin[start:end] = [stamp] * len(values)
            self.changed = True
            return
        for slot, value, letter in zip(range(start, end), values, letters, strict=True):
            self.put(slot, value, letter, stamp)

    def merge(self, other: "Day") -> None:
        """Take every hour of `other`; the result does not depend on who came first."""
        for slot, value in enumerate(other.hours):
            if value is not None:
                self.put(slot, value, other.quality[slot], other.origin[slot])

    def put_ours(self, slot: int, value: int | None, letter: str) -> None:
        """Set what registers say of an hour that no feed sent; None takes an earlier guess back."""
        if self.quality[slot] in SENT:
            return
        mark = letter if value is not None else MISSING
        if self.hours[slot] != value or self.quality[slot] != mark:
            self.hours[slot], self.quality[slot], self.origin[slot] = value, mark, ""
            self.changed = True

    @property
    def known(self) -> list[int]:
        """The values of the hours that are not missing."""
        return [value for value in self.hours if value is not None]


def pack(origin: Sequence[str]) -> tuple[list[str], str]:
    """Write hour-by-hour deliveries as the distinct ones and a letter an hour ("." is none)."""
    order = [stamp for stamp in dict.fromkeys(origin) if stamp]
    letters = {stamp: chr(ord("a") + place) for place, stamp in enumerate(order)} | {"": "."}
    return order, "".join([letters[stamp] for stamp in origin])


def unpack(stamps: list[str], letters: str) -> list[str]:
    """Undo `pack`."""
    return ["" if letter == "." else stamps[ord(letter) - ord("a")] for letter in letters]
