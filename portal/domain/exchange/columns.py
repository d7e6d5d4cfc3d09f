"""What the exchange's contract is said in: kinds, columns, references, files."""

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What a cell may hold."""

    TEXT = "text"
    KEY = "key"  # text that may not be empty
    NAME = "name"  # a bare file name
    INT = "whole number"
    MONEY = "amount with two decimals"
    QUANTITY = "number with up to three decimals"
    RATE = "number with up to six decimals"
    DATE = "date"
    OPEN = "date or open end"  # empty and 9999-12-31 both mean open
    FLAG = "Y or N"
    WORD = "one of the allowed words"


@dataclass(frozen=True)
class Column:
    """One column of a file. `optional` is the contract's `?`; `target` the column it fills."""

    name: str
    kind: Kind
    optional: bool = False
    words: tuple[str, ...] = ()
    target: str = ""

    @property
    def stored(self) -> str:
        """The table's column that takes the value; empty for a column that a reference takes."""
        return self.target or (self.name + "_cents" if self.kind is Kind.MONEY else self.name)


@dataclass(frozen=True)
class Reference:
    """A key of another file's rows: its columns here (in that key's order) and the id it fills.

    `target` is empty where the row is only checked, not tied.
    """

    parent: str
    columns: tuple[str, ...]
    target: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Closing:
    """How FULL closes a row that the file omits (settled question 6)."""

    set_sql: str
    open_sql: str


@dataclass(frozen=True)
class File:
    """One file of the contract."""

    name: str
    table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    money: str = ""
    references: tuple[Reference, ...] = ()
    closing: Closing | None = None
    # Columns of the table derived from the row: {target: SQL over the staged row s}.
    derived: dict[str, str] = field(default_factory=dict)
    # (first, last): the second date may not stand before the first.
    periods: tuple[tuple[str, str], ...] = ()

    @property
    def stem(self) -> str:
        """The file's name without `.csv`."""
        return self.name.removesuffix(".csv")

    def column(self, name: str) -> Column:
        """Return the column called `name`. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]
