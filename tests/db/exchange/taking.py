"""Taking folders in tests."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, SQLModel, select

from portal.domain.exchange.faults import Fault, Refused
from portal.domain.exchange.operations import Options, Outcome, import_folder

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2027, 1, 26, 9, 0, tzinfo=UTC)


def take(
    db: Session, path: Path, *, force: bool = False, skip: bool = False, now: datetime = NOW
) -> Outcome:
    """Import the folder, inside a savepoint as the command does inside a transaction."""
    options = Options(ZONE, path.parent / "data", force=force, skip_bad_rows=skip)
    with db.begin_nested():
        outcome = import_folder(db, path, options, now=now)
    db.expire_all()
    return outcome


def refusal(db: Session, path: Path, *, force: bool = False, skip: bool = False) -> Refused:
    """Return the refusal that the folder meets."""
    with pytest.raises(Refused) as refused:
        take(db, path, force=force, skip=skip)
    return refused.value


def only_fault(db: Session, path: Path) -> tuple[str, int, str, str]:
    """Return (file, line, column, value) of the only fault that refuses the folder."""
    (fault,) = refusal(db, path).faults.kept
    return place(fault)


def place(fault: Fault) -> tuple[str, int, str, str]:
    """Return where a fault stands."""
    return fault.file_name, fault.line, fault.column, fault.value


def one(db: Session, model: type[SQLModel], **where: object) -> SQLModel:
    """Return the one row of `model` that has these values."""
    return db.exec(select(model).filter_by(**where)).one()
