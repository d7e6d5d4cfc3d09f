"""Write the list of handlers anew: `python -m tests.architecture.handlers`. Read the difference."""

from pathlib import Path

from tests.architecture.app import handlers

LIST = Path(__file__).with_name("handlers.txt")
# The framework puts this one on every State; the guard refuses it, as it declares no permission.
FRAMEWORK = {"setvar"}


def lines() -> list[str]:
    """Return "<permission> <handler>" for every handler that the browser can name."""
    return sorted(
        f"{getattr(function, '__permission__', '-')} {name}"
        for name, function in handlers().items()
        if name.rsplit(".", 1)[-1] not in FRAMEWORK
    )


if __name__ == "__main__":
    LIST.write_text("\n".join(lines()) + "\n")
