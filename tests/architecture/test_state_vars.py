"""What States send to browsers: text, whole numbers, truth, and frozen records of these."""

import dataclasses
import types
import typing
from decimal import Decimal
from typing import Any

import pytest
from reflex.vars import ObjectVar

from portal.models.identity import User
from tests.architecture.app import states

_PLAIN = (str, int, bool, type(None))
_SECRETS = ("password", "secret", "seed", "hash")


def wrong(kind: Any, place: str) -> list[str]:
    """Return what is wrong with a variable's type, named by its place."""
    if kind in _PLAIN:
        return []
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, tuple, typing.Union, types.UnionType):
        return [f for one in arguments if one is not Ellipsis for f in wrong(one, place)]
    if origin is dict:
        return [fault for one in arguments for fault in wrong(one, place)]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        faults = [] if kind.__dataclass_params__.frozen else [f"{place}: {kind} is not frozen"]
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            faults += wrong(hints[field.name], f"{place}.{field.name}")
            if hasattr(ObjectVar, field.name):
                # `row.to` would be the framework's method, not the field.
                faults.append(f"{place}.{field.name}: a name that Var takes")
            if any(word in field.name for word in _SECRETS):
                faults.append(f"{place}.{field.name}: a secret's name")
        return faults
    return [f"{place}: {kind}"]


def test_variables_are_text_whole_numbers_truth_and_frozen_records() -> None:
    faults = []
    for state in states():
        for name, var in {**state.base_vars, **state.computed_vars}.items():
            if name.startswith("_") or name not in state.__annotations__:
                continue
            if any(word in name for word in _SECRETS):
                faults.append(f"{state.__name__}.{name}: a secret's name")
            hints = typing.get_type_hints(state)
            faults += wrong(hints.get(name, var._var_type), f"{state.__name__}.{name}")
    assert faults == []


def test_states_are_flat() -> None:
    # The framework loads a State's whole line of parents at each event.
    deep = [s.__name__ for s in states() if len(s.get_full_name().split(".")) > 3]
    assert deep == []


@pytest.mark.parametrize("kind", [User, Decimal, float, Any, list[float], dict[str, Decimal]])
def test_the_check_sees_what_it_should(kind: Any) -> None:
    assert wrong(kind, "x")


def test_the_check_sees_names_that_the_framework_takes() -> None:
    @dataclasses.dataclass(frozen=True)
    class Row:
        to: str = ""

    assert wrong(Row, "x") == ["x.to: a name that Var takes"]


def test_the_check_lets_records_through() -> None:
    @dataclasses.dataclass(frozen=True)
    class Row:
        id: str = ""
        n: int | None = None

    assert wrong(list[Row], "x") == []
    assert wrong(tuple[Row, ...], "x") == []
