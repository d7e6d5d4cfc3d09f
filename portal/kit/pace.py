"""Answers that take as long whatever they found, so that the time tells nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic


def rest(spent: float, span: float) -> float:
    """Return the seconds until the next whole multiple of `span`."""
    return span - spent % span


@asynccontextmanager
async def paced(span: timedelta) -> AsyncIterator[None]:
    """Leave the block, by whichever way, after a whole multiple of `span`.

    Hold no transaction across it: only the person who asked waits.
    """
    started = monotonic()
    try:
        yield
    finally:
        await asyncio.sleep(rest(monotonic() - started, span.total_seconds()))
