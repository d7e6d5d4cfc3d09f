"""`jobs run`: the worker that sends mail, sweeps payments and raises alerts."""

import asyncio
import signal

from portal.kit import db, log


def run() -> None:
    """Run the job worker until Ctrl-C or SIGTERM."""
    log.configure()
    asyncio.run(_until_told())


async def _until_told() -> None:
    from portal.jobs import app

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await app.keep_working(db.engine(), stop)
