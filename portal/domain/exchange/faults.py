"""What can be wrong with a folder, said so that the billing system's people can find it."""

from dataclasses import dataclass, field

from portal.kit.errors import DomainError
from portal.kit.text import N_

KEPT = 1000  # faults kept with their place; beyond it they are only counted
_SHOWN = 80


class Said:
    """A sentence that waits for its reader's language: a message id, and what fills its places."""

    def __init__(self, message: str, **params: str | int) -> None:
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True)
class Fault:
    """A row at fault: file, physical line, column (empty: the whole row), value and why."""

    file_name: str
    line: int
    column: str
    value: str
    why: Said

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"{self.file_name}, line {self.line}{column}: {self.value!r} {self.why}"


@dataclass
class Faults:
    """The faults of one import: the first KEPT with their place, all of them counted by file."""

    kept: list[Fault] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        """Count the fault, and keep it while there is room."""
        self.counted[fault.file_name] = self.counted.get(fault.file_name, 0) + 1
        if len(self.kept) < KEPT:
            self.kept.append(fault)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counted.values())


def shown(value: str) -> str:
    """Return a cell's value as it may be printed and stored: short, no control characters."""
    cut = value if len(value) <= _SHOWN else value[:_SHOWN] + "..."
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in cut
    )


class Refused(DomainError):
    """The folder is refused whole: nothing of it was stored. `faults` says which rows, if any."""

    code = "import_refused"

    def __init__(self, sentence: str, *, faults: Faults | None = None, **params: object) -> None:
        super().__init__(sentence)
        self.params = params
        self.faults = faults or Faults()

    def __str__(self) -> str:
        first = f" The first: {self.faults.kept[0]}" if self.faults.kept else ""
        return super().__str__() + first


class Busy(Refused):
    """Another importer is at work."""

    code = "import_busy"

    def __init__(self) -> None:
        super().__init__(N_("Another import is running. Try again when it has finished."))


class NoManifest(Refused):
    """The folder is not complete, or none of ours: it is not touched and not recorded."""

    code = "import_no_manifest"
