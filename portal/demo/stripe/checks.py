"""Hold requests to the SDK's own TypedDicts: unknown or missing names, wrong types are refused."""

from functools import cache
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict


class BadRequest(Exception):
    """A request that Stripe would refuse: the parameter and why."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param
        self.message = message


def decode_form(body: str) -> dict[str, Any]:
    """Decode `a[b][0]=c` into nested dicts of strings; lists stay dicts keyed "0", "1", ..."""
    decoded: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True, max_num_fields=1000):
        head, *rest = name.replace("]", "").split("[")
        place = decoded
        for part in rest:
            inner = place.setdefault(head, {})
            if not isinstance(inner, dict):
                raise BadRequest(name, f"Invalid parameter: {name}")
            place, head = inner, part or str(len(inner))
        place[head] = value
    return decoded


@cache
def _hints(params: type) -> dict[str, Any]:
    # RequestOptions (api_key, idempotency_key, ...) travel as headers, never in the body.
    own = {
        name: hint
        for name, hint in params.__annotations__.items()
        if name not in RequestOptions.__annotations__
    }
    bare = type(params.__name__, (), {"__annotations__": own, "__module__": params.__module__})
    return get_type_hints(bare, include_extras=True)


def check(params: type, given: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Return `given` with values typed as `params` says. Raises BadRequest."""
    hints = _hints(params)
    typed: dict[str, Any] = {}
    for name, value in given.items():
        where = f"{at}[{name}]" if at else name
        if name not in hints:
            raise BadRequest(where, f"Received unknown parameter: {where}")
        typed[name] = _read(_bare(hints[name]), value, where)
    for name, hint in hints.items():
        if get_origin(hint) is not NotRequired and name not in given:
            where = f"{at}[{name}]" if at else name
            raise BadRequest(where, f"Missing required param: {where}.")
    return typed


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def _read(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _read_union(get_args(hint), value, where)
    if origin is Literal:
        if value not in get_args(hint):
            raise BadRequest(where, f"Invalid {where}: must be one of {get_args(hint)}")
        return value
    if origin is list:
        if not isinstance(value, dict):
            raise BadRequest(where, f"Invalid array: {where}")
        return [_read(get_args(hint)[0], v, f"{where}[{k}]") for k, v in value.items()]
    if origin is dict:
        if not isinstance(value, dict):
            raise BadRequest(where, f"Invalid object: {where}")
        return {k: _read(get_args(hint)[1], v, f"{where}[{k}]") for k, v in value.items()}
    if is_typeddict(hint):
        if not isinstance(value, dict):
            raise BadRequest(where, f"Invalid object: {where}")
        return check(hint, value, where)
    return _read_plain(hint, value, where)


def _read_union(options: tuple[Any, ...], value: Any, where: str) -> Any:
    # The SDK writes open enums as Literal[...]|str; Stripe itself refuses a word it does not know.
    known = [o for o in options if get_origin(o) is Literal]
    usable = [o for o in options if not (known and o is str)]
    refusal: BadRequest | None = None
    for option in usable:
        try:
            return _read(option, value, where)
        except BadRequest as refused:
            refusal = refused
    raise refusal or BadRequest(where, f"Invalid value: {where}")


def _read_plain(hint: Any, value: Any, where: str) -> Any:
    if not isinstance(value, str):
        raise BadRequest(where, f"Invalid value: {where}")
    if hint is bool:
        if value not in ("true", "false"):
            raise BadRequest(where, f"Invalid boolean: {value}")
        return value == "true"
    if hint is int:
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise BadRequest(where, f"Invalid integer: {value}")
        return int(value)
    if hint is str:
        return value
    raise BadRequest(where, f"Invalid value: {where}")
