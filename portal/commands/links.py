"""`import links`: the ties that residents had in the portal before this one."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from portal.domain.exchange.faults import Refused
from portal.domain.prelinks import operations
from portal.kit.clock import utc_now
from portal.kit.db import transaction

_SHOWN_FAULTS = 20


def import_links(
    file: Annotated[Path, typer.Argument(help="CSV with email, account_no and cid.")],
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out rows at fault.")
    ] = False,
) -> None:
    """Take in who had which account in the portal before this one."""
    try:
        with transaction() as session:
            report = operations.prepare(session, file, skip_bad_rows=skip_bad_rows, now=utc_now())
    except Refused as refused:
        for fault in refused.faults.kept[1:_SHOWN_FAULTS]:
            print(fault, file=sys.stderr)
        print(f"Refused: {refused}", file=sys.stderr)
        raise typer.Exit(1) from None
    for fault in report.faults.kept[:_SHOWN_FAULTS]:
        print(fault, file=sys.stderr)
    print(
        f"{file.name}: {report.rows:,} rows, {report.new:,} new,"
        f" {report.ready - report.new:,} known before, {report.faults.total:,} at fault;"
        f" {report.linked:,} linked now."
    )
