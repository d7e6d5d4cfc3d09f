"""Logging: one line an event, with mail addresses, phones, numbers and secrets made unreadable."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_MAIL = re.compile(r"([A-Za-z0-9._%+-])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})")
_NAMED_SECRET = re.compile(
    r"""(?ix) ( (?: password | passwd | secret | token | cookie | authorization | api[_-]?key
                | csrf | code | seed | client_secret ) ["']? \s* [=:] \s* )
        ( "[^"]*" | '[^']*' | (?: bearer \s+ )? [^\s,;&"'}]+ )"""
)
_URL_PASSWORD = re.compile(r"(\w+://[^:/@\s]+):[^@\s]+@")
_KEY = re.compile(r"\b(?:sk|rk|pk|whsec|pi|cuss)_[A-Za-z0-9_]{8,}")
_RANDOM = re.compile(r"(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{32,}(?![\w/.])")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PHONE = re.compile(r"(?<![\d.])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)")
_DIGITS = re.compile(r"(?<![\w.:-])\d(?:[\d -]{4,}\d)(?![\w.:-])")
_SECRET_KEYS = ("password", "secret", "token", "cookie", "authorization", "seed", "csrf")


def redacted(text: str) -> str:
    """Return `text` fit for a log: what names a person or opens a door is masked.

    Numbers of six digits and more (accounts, cards) keep their last four, mail addresses their
    first letter and domain. UUIDs stay: they are our references and open nothing by themselves.
    """
    text = _URL_PASSWORD.sub(r"\1:***@", text)
    text = _NAMED_SECRET.sub(r"\1***", text)
    text = _KEY.sub("***", text)
    text = _MAIL.sub(r"\1***@\2", text)
    text = _PHONE.sub(lambda m: "***" + m[0][-4:], text)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x00{len(kept) - 1}\x00"

    text = _UUID.sub(keep, text)
    text = _RANDOM.sub("***", text)
    text = _DIGITS.sub(lambda m: "***" + re.sub(r"\D", "", m[0])[-4:], text)
    return re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m[1])], text)


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name in ("timestamp", "level", "logger", "_record", "_from_structlog"):
            continue
        if any(secret in name.lower() for secret in _SECRET_KEYS):
            event[name] = "***"
        elif not isinstance(value, bool | int | float | type(None)):
            event[name] = redacted(str(value))
    return event


def configure(level: int = logging.INFO) -> None:
    """Send every log of this process to standard error through the mask, one line an event."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "logger", "event"]
            ),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("alembic", "httpx", "stripe", "procrastinate", "mail.log", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
