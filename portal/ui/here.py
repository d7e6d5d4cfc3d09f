"""Where the browser is, and whether what the tab holds was loaded for there.

Both change in the moment of a navigation, before the server has heard of it.
"""

from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import FunctionStringVar, VarData

from portal.state.base import PortalState
from portal.ui.script import LIBRARY


def _call(function: str, *arguments: Any, returns: type) -> Any:
    """Return a Var of what a function of our script says about the address and `arguments`."""
    data = VarData(
        imports={LIBRARY: [ImportVar(tag="useHere"), ImportVar(tag=function)]},
        hooks={"const here = useHere()": None},
    )
    called: Any = FunctionStringVar.create(function, _var_data=data)
    return called.call(rx.Var("here", _var_data=data), *arguments).to(returns)


# The tab holds what the address names, or looks at the same thing in another way: another page of
# the list, other dates.
IS_SHOWN: Any = _call("isSubject", PortalState.loaded_at, returns=bool) & ~PortalState.missing
# It holds exactly what the address names; until it does, what is shown waits for the rest.
IS_LOADED: Any = _call("isHere", PortalState.loaded_at, returns=bool)
# What an act had to say belongs to the page that is seen.
IS_SAID_HERE: Any = (PortalState.loaded_at == "") | IS_LOADED


def is_about(account: Any) -> Any:
    """Return a Var: the address names this account, or none."""
    return _call("isAbout", account, returns=bool)
