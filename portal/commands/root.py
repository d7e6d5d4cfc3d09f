"""The tree of commands, and what their failures are called."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from importlib import import_module
from typing import Any

import typer

# Group, name, module and function, and whether it needs the database open. A module is imported
# only when its command is given: `portal demo` must not wait for the web framework.
COMMANDS = (
    ("", "serve", "serving:serve", False),
    ("", "migrate", "upkeep:migrate", False),
    ("", "demo", "town:demo", False),
    ("", "backup", "upkeep:backup", True),
    ("", "restore", "upkeep:restore", False),
    ("", "check", "checking:check", False),
    ("import", "exchange", "exchange:import_exchange", True),
    ("import", "usage", "usage:import_usage", True),
    ("import", "links", "links:import_links", True),
    ("export", "postings", "exchange:export_postings", True),
    ("jobs", "run", "working:run", True),
    ("staff", "add", "staff:add", True),
)
_GROUPS = {
    "import": "Take in what the city's systems send.",
    "export": "Write what the city's systems take.",
    "jobs": "Work through mail, sweeps and alerts.",
    "staff": "Who may sign in under /admin.",
}


def build() -> typer.Typer:
    """Return the command line; of the commands' modules only the asked one is imported."""
    root = typer.Typer(
        help="An open utility-bill portal.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    groups = {
        name: typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None)
        for name, words in _GROUPS.items()
    }
    for name, group in groups.items():
        root.add_typer(group, name=name)
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    for group_name, name, where, database in COMMANDS:
        parent = groups[group_name] if group_name else root
        asked = words[:2] == [group_name, name] if group_name else words[:1] == [name]
        if asked:
            parent.command(name)(_run(where, database))
        else:
            parent.command(name, help=_summary(where), add_help_option=False)(_elsewhere)
    return root


def _elsewhere() -> None:
    """Stand in the list of commands."""


def _summary(where: str) -> str:
    return {
        "serving:serve": "Serve the portal.",
        "upkeep:migrate": "Bring the database's tables up to date.",
        "town:demo": "Set up a demo town and serve it.",
        "upkeep:backup": "Write everything to one file.",
        "upkeep:restore": "Put a backup in the place of what is there.",
        "checking:check": "Say what is missing and how to mend it.",
        "exchange:import_exchange": "Take in the billing system's nightly folder.",
        "usage:import_usage": "Take in meter readings.",
        "links:import_links": "Take in who had which account in the portal before this one.",
        "exchange:export_postings": "Close a day's batch and write its files.",
        "working:run": "Run the job worker.",
        "staff:add": "Add a member of staff and print the enrolment link.",
    }[where]


def _run(where: str, database: bool) -> Callable[..., Any]:
    module, _, name = where.partition(":")
    function: Callable[..., Any] = getattr(import_module(f"portal.commands.{module}"), name)

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        from portal.commands.running import opened

        with ExitStack() as stack:
            if database:
                stack.enter_context(opened())
            return function(*arguments, **options)

    return run


def explain(error: Exception) -> str | None:
    """Return the line for an expected failure, or None for a fault of ours."""
    from pydantic import ValidationError
    from sqlalchemy.exc import OperationalError

    from portal.build import BuildFailed
    from portal.cities import CityError
    from portal.config import BadSettings
    from portal.kit.errors import DomainError
    from portal.kit.postgres import PostgresFailed

    if isinstance(error, ValidationError):
        return "\n".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
    if isinstance(error, OperationalError):
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        return f"The database does not answer: {reason}"
    if isinstance(error, DomainError):
        return f"Refused: {error}"
    if isinstance(error, BadSettings | BuildFailed | CityError | PostgresFailed | OSError):
        return str(error)
    return None
