"""Nothing that a browser sends stands in the log: not a payload, not a header, not a value.

The framework logs whole events when one fails, and what a browser reports as its own error. Both
may hold what a person typed, or be a flood.
"""

import logging
import traceback

_LOG = logging.getLogger("portal.events")
_TALKATIVE = (
    "reflex_base.event.processor.base_state_processor",
    "reflex_base.event.processor.event_processor",
    "reflex.app",
)
_LONGEST_REPORT = 300


class Redacted(logging.Filter):
    """Replace a framework record by where it came from and the kind of error."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without what it says."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "event"
        record.msg = f"{record.funcName}:{record.lineno} {kind}; details are withheld"
        record.args, record.exc_info, record.exc_text = (), None, None
        return True


def install() -> None:
    """Redact the framework's own loggers, once."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(one, Redacted) for one in logger.filters):
            logger.addFilter(Redacted())


def on_backend_error(exception: Exception) -> None:
    """Log what failed outside a handler of ours: the places, not the values."""
    places = "".join(traceback.format_tb(exception.__traceback__)[-6:])
    _LOG.error("%s\n%s", type(exception).__name__, places)


def on_frontend_error(exception: Exception) -> None:
    """Note that a browser reported an error of its page. It is the browser's word, so cut short."""
    text = " ".join(str(exception).split())[:_LONGEST_REPORT]
    _LOG.warning("a browser reports: %s", text.encode("ascii", "replace").decode())
