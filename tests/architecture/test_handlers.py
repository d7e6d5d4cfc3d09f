"""What a browser can call: each says who may, and none is there that nobody looked at."""

import inspect

from tests.architecture.app import handlers
from tests.architecture.handlers import FRAMEWORK, LIST, lines


def test_every_handler_declares_its_permission() -> None:
    undeclared = [
        name
        for name, function in handlers().items()
        if not hasattr(function, "__permission__") and name.rsplit(".", 1)[-1] not in FRAMEWORK
    ]
    assert undeclared == []


def test_the_handlers_are_those_of_the_list() -> None:
    # A new handler is a new door: `python -m tests.architecture.handlers`, and read the difference.
    assert lines() == LIST.read_text().splitlines()


def test_the_framework_adds_no_other_handler() -> None:
    extra = {
        n.rsplit(".", 1)[-1] for n, f in handlers().items() if not f.__module__.startswith("portal")
    }
    assert extra <= FRAMEWORK


def test_handlers_are_short() -> None:
    long = []
    for name, function in handlers().items():
        inner = inspect.unwrap(function)
        if not inner.__module__.startswith("portal."):
            continue
        body = [line for line in inspect.getsource(inner).splitlines() if line.strip()]
        if len(body) > 22:  # 15 of body, the rest its signature, decorator and docstring
            long.append(f"{name}: {len(body)}")
    assert long == []
