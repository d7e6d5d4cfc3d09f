"""Every list has one order: rows that tie come as the database likes, and a page repeats them."""

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import Index, Table, UniqueConstraint
from sqlmodel import SQLModel

from portal import models

ROOT = Path(__file__).parent.parent.parent
# What a subquery calls the column that tells its rows apart.
OF_SUBQUERY = {"id", "viewer_id"}


def unique_keys() -> dict[str, list[set[str]]]:
    """Return, for each model, the sets of columns that no two of its rows share."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    found = {}
    for mapper in SQLModel._sa_registry.mappers:
        table = mapper.local_table
        assert isinstance(table, Table)
        keys = [set(table.primary_key.columns.keys())]
        for one in (*table.constraints, *table.indexes):
            # An index over some of the rows alone does not tell the others apart.
            partial = one.dialect_kwargs.get("postgresql_where") is not None
            if isinstance(one, UniqueConstraint) or (isinstance(one, Index) and one.unique):
                keys += [] if partial else [set(one.columns.keys())]
        found[mapper.class_.__name__] = keys
    return found


KEYS = unique_keys()


def named(node: ast.AST, into: dict[str, set[str]]) -> None:
    """Add the columns that an expression names, by model ("c" for a subquery's)."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute):
            of = one.value
            owner = getattr(of, "id", None) or getattr(of, "attr", "")
            into[str(owner)].add(one.attr)


def is_total(call: ast.Call) -> bool:
    """True where the order, with what the query holds fixed, names a unique key."""
    columns: dict[str, set[str]] = defaultdict(set)
    for argument in call.args:
        named(argument, columns)
    if columns["c"] & OF_SUBQUERY or re.search(r"\bid\b", " ".join(map(ast.unparse, call.args))):
        return True
    chain: ast.AST = call.func
    while isinstance(chain, ast.Attribute | ast.Call):
        if isinstance(chain, ast.Call) and isinstance(chain.func, ast.Attribute):
            for argument in chain.args if chain.func.attr == "where" else []:
                if isinstance(argument, ast.Compare) and isinstance(argument.ops[0], ast.Eq):
                    named(argument.left, columns)
        chain = chain.func if isinstance(chain, ast.Call) else chain.value
    return any(key <= columns[model] for model, keys in KEYS.items() for key in keys)


def orders(source: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "order_by"
    ]


def test_every_order_tells_any_two_rows_apart() -> None:
    seen, loose = 0, []
    for path in sorted((ROOT / "portal").rglob("*.py")):
        for call in orders(path.read_text()):
            seen += 1
            if not is_total(call):
                loose.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert seen > 60
    assert loose == [], "rows may tie here: end the order with a unique key"


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("select(Mail).order_by(col(Mail.created_at).desc())", False),
        ("select(Mail).order_by(col(Mail.created_at).desc(), col(Mail.id))", True),
        ("select(Bill).order_by(col(Bill.bill_no))", False),
        ("select(Bill).order_by(col(Bill.bill_no), Bill.category, Bill.bill_year)", True),
        ("select(PaymentItem).order_by(col(PaymentItem.seq))", False),
        ("select(PaymentItem).where(PaymentItem.payment_id == 1).order_by(PaymentItem.seq)", True),
        ("select(x).order_by(sums.c.due_date)", False),
        ("select(x).order_by(sums.c.due_date, sums.c.id)", True),
        ("select(x).order_by(text('at DESC'), text('id DESC'))", True),
    ],
)
def test_the_rule_knows_a_total_order(query: str, total: bool) -> None:
    (call,) = orders(query)
    assert is_total(call) is total
