"""`jobs run`: the worker that sends mail, sweeps payments and raises alerts."""

import asyncio

from portal.kit import db, log


def run() -> None:
    """Run the job worker until Ctrl-C or SIGTERM."""
    from portal.jobs import app

    log.configure()
    asyncio.run(app.work(db.engine()))
