"""The composed app, imported once: what the framework has registered of ours."""

from functools import cache
from typing import Any

import rxconfig

OURS = "portal___"


@cache
def portal() -> Any:
    """Return the composition root's module."""
    from portal import portal as composed

    assert rxconfig.config.app_name == "portal"
    return composed


def handlers() -> dict[str, Any]:
    """Return every event handler of our States by "<module>.<State>.<handler>"."""
    portal()
    from reflex_base.registry import RegistrationContext

    found = {}
    for registered in RegistrationContext.get().event_handlers.values():
        function = registered.handler.fn
        state = registered.states[0]
        if state.__module__.startswith("portal."):
            name = f"{state.__module__}.{state.__name__}.{function.__name__}"
            found[name.removeprefix("portal.")] = function
    return found


def states() -> list[Any]:
    """Return every State class of ours."""
    portal()
    import reflex as rx

    def below(kind: Any) -> list[Any]:
        return [kind, *(one for child in kind.__subclasses__() for one in below(child))]

    every = {kind for kind in below(rx.State) if kind.__module__.startswith("portal.")}
    return sorted(every, key=lambda kind: (kind.__module__, kind.__name__))
