"""Deny by default: the middleware that every event passes before its handler.

A State's functions are all callable by name from any browser, decorated or not. Here only three
kinds pass: our handlers that declare a permission, and the framework's own page-load events of a
socket whose session still stands. Values of a form are never sent to a State that holds a secret.
"""

import logging
from typing import Any

from reflex.middleware.middleware import Middleware
from reflex.state import StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext

from portal.kit.text import speaking
from portal.state.base import PUBLIC, actor_of, language_of, path_of, refusal

_LOG = logging.getLogger("portal.guard")
_FRAMEWORK = frozenset(
    ("hydrate", "hydrate_and_load", "set_is_hydrated", "on_load_internal", "update_vars_internal")
)
_OURS = "portal___"


def permission_of(name: str) -> Any:
    """Return the permission that the handler of an event declares, or None."""
    registered = RegistrationContext.get().event_handlers.get(name)
    return getattr(registered.handler.fn, "__permission__", None) if registered else None


class Guard(Middleware):
    """Refuse what nobody declared, and every event of a session that has ended."""

    async def preprocess(self, app: Any, state: Any, event: Event) -> StateUpdate | None:
        """Return None to let the event through, an update to answer in its place."""
        framework = _OURS not in event.name and event.name.rsplit(".", 1)[-1] in _FRAMEWORK
        if not framework:
            if permission_of(event.name) is None:
                _LOG.warning("an event that no handler declares was refused")
                return StateUpdate()
            return None  # the handler itself asks whose session it is, once
        root = state._get_root_state()
        if root.router.headers.cookie and (await actor_of(root)).user_id is None:
            # The session ended while the socket stayed open: not even a hydrate is answered,
            # it would send what the last person saw.
            path = path_of(root)
            with speaking(language_of(path.partition("?")[0])):
                target = refusal(PUBLIC, path)
            return StateUpdate(events=Event.from_event_type(target))
        return None
