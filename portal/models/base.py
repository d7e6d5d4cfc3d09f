"""Columns that every table shares the meaning of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, func, text
from sqlmodel import Field, SQLModel

from portal.kit.ids import new_id

# Stable names: a migration can then drop or rename a constraint on every database alike.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def key() -> Any:
    """A UUID primary key, made by us or, in set-based inserts, by the database.

    A night's million rows get keys in order (version 7): each lands beside the last in its index.
    """
    return Field(
        default_factory=new_id,
        primary_key=True,
        sa_type=Uuid,
        sa_column_kwargs={"server_default": text("uuidv7()")},
    )


def ref(target: str, *, index: bool = True, primary_key: bool = False, **more: Any) -> Any:
    """A UUID foreign key to `table.id`; pass default=None for an optional one."""
    return Field(foreign_key=target, sa_type=Uuid, index=index, primary_key=primary_key, **more)


def words(**more: Any) -> Any:
    """Text without a length: PostgreSQL needs none; bounds are checked where text enters."""
    return Field(sa_type=Text, **more)


def cents(**more: Any) -> Any:
    """An amount in integer cents."""
    return Field(sa_type=BigInteger, **more)


def instant(**more: Any) -> Any:
    """An aware UTC instant."""
    return Field(sa_type=DateTime(timezone=True), **more)


def created() -> Any:
    """The instant at which the database took the row."""
    return instant(default=None, sa_column_kwargs={"server_default": func.now()}, nullable=False)


def happened(**more: Any) -> Any:
    """The instant of one step: of two in one transaction, the later has the later instant.

    The transaction's own time would be the same for both, and earlier than that of a step which
    another one took while this one waited for its lock.
    """
    clock = {"server_default": func.clock_timestamp()}
    return instant(default=None, sa_column_kwargs=clock, nullable=False, **more)


__all__ = [
    "UUID",
    "SQLModel",
    "cents",
    "created",
    "datetime",
    "happened",
    "instant",
    "key",
    "ref",
    "words",
]
