"""The house's rules that no type checker holds: routes, sizes, what pages may not use."""

import ast
import re
from collections import Counter
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from portal import models, routes
from portal.config import ROOT
from portal.http import plain_routes
from tests.architecture.app import portal

_LONGEST = 400
# Statuses that the billing system says, or an import once and for all: nobody moves them.
_TOLD = {"account", "customer", "service", "bill", "licence", "import_run"}


def sources(*folders: str) -> list[Path]:
    """Return our Python files, scripts, styles and templates."""
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".py", ".js", ".jsx", ".css", ".html") and path.is_file()
    ]


def test_no_file_is_longer_than_400_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in sources("portal", "tests", "assets", "alembic/env.py")
        if (count := len(path.read_text().splitlines())) > _LONGEST
    ]
    assert long == []


def floats(source: str) -> list[str]:
    """Return each place of `source` that names a float: a type, a literal, a column."""
    found = []
    for node in ast.walk(ast.parse(source)):
        named = getattr(node, "id", "") or getattr(node, "attr", "")
        literal = isinstance(node, ast.Constant) and type(node.value) in (float, complex)
        if literal or named in ("float", "Float", "REAL", "DOUBLE", "DOUBLE_PRECISION"):
            found.append(f"{getattr(node, 'lineno', 0)}: {ast.unparse(node)}")
    return found


def test_domain_and_models_know_no_float() -> None:
    # A float of dollars or gallons is wrong by a cent some day: 15.45 x 1.5 is 23.17 to it.
    found = [
        f"{path.relative_to(ROOT)}:{place}"
        for path in sources("portal/domain", "portal/models")
        if path.suffix == ".py"
        for place in floats(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source", ["x: float = y", "x = 0.1", "float('1')", "c = Column(sa.Float)", "f: list[float]"]
)
def test_the_check_sees_floats(source: str) -> None:
    assert len(floats(source)) == 1


def test_every_route_is_written_once() -> None:
    named = [
        value
        for name, value in vars(routes).items()
        if name.isupper() and isinstance(value, str) and value.startswith("/")
    ]
    assert [path for path, times in Counter(named).items() if times > 1] == []


def test_every_path_leads_to_one_thing() -> None:
    pages = [page.route for page in portal().PAGES]
    plain = {
        (route.path, method)
        for route in plain_routes()
        for method in getattr(route, "methods", None) or ["*"]
        if method != "HEAD"
    }
    methods = Counter(
        (route.path, method)
        for route in plain_routes()
        for method in getattr(route, "methods", None) or ["*"]
        if method != "HEAD"
    )
    assert [path for path, times in Counter(pages).items() if times > 1] == []
    assert [what for what, times in methods.items() if times > 1] == []
    assert sorted(set(pages) & {path for path, method in plain if method in ("GET", "*")}) == []


def test_pages_and_states_use_nothing_that_our_policy_forbids() -> None:
    # Under the CSP the first three silently do nothing; uploads have no limit; the rest is Radix
    # or replaces what a link and a form do by themselves (docs/decisions/0001).
    forbidden = re.compile(
        r"\brx\.(toast|call_script|call_function|upload|button|text|box|flex|link|heading|input"
        r"|select|dialog|theme|color_mode|data_table|data_editor|LocalStorage|Cookie|image)\b"
        r"|\brx\.el\.(a|form)\("
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sources("portal/pages", "portal/state", "portal/ui")
        if path.name != "form.py"
        for match in forbidden.finditer(path.read_text())
        if match[0] != "rx.el.form(" or "on_submit" not in path.read_text()
    ]
    assert found == []
    assert "@radix-ui" not in (ROOT / "reflex.lock" / "package.json").read_text()


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "reflex.lock" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def _checked_statuses() -> dict[str, set[str]]:
    assert models
    found = {}
    for table in SQLModel.metadata.tables.values():
        for constraint in table.constraints:
            text = str(getattr(constraint, "sqltext", ""))
            if isinstance(constraint, CheckConstraint) and text.startswith("status IN"):
                found[table.name] = set(re.findall(r"'(\w+)'", text))
    return found


def _tables_of_transitions() -> list[set[str]]:
    found = []
    for path in sorted((ROOT / "portal" / "domain").rglob("*.py")):
        if "TRANSITIONS" not in path.read_text():
            continue
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, table in vars(module).items():
            if not name.endswith("TRANSITIONS") or not isinstance(table, dict):
                continue
            kind = type(next(iter(table)))
            assert issubclass(kind, StrEnum), f"{module.__name__}.{name}"
            assert set(table) == set(kind), f"{module.__name__}.{name} leaves a state out"
            assert all(set(targets) <= set(kind) for targets in table.values())
            found.append({member.value for member in kind})
    return found


def test_every_status_that_we_move_is_in_a_transition_table() -> None:
    tables = _tables_of_transitions()
    missing = {
        name: sorted(values)
        for name, values in _checked_statuses().items()
        if name not in _TOLD and values not in tables
    }
    assert missing == {}


def test_decisions_are_numbered_without_holes() -> None:
    # Two branches may take the same number: the later one moves on before it lands.
    papers = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(paper.name[:4]) for paper in papers] == list(range(1, len(papers) + 1))
    for paper in papers:
        assert paper.read_text().startswith(f"# {int(paper.name[:4])}. "), paper.name
