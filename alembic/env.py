"""Migrations run on the connection that `portal.migrations` hands over, and import no Reflex."""

from alembic import context
from sqlmodel import SQLModel

from portal import database, migrations

connection = context.config.attributes.get("connection")
if connection is None:
    # `alembic revision --autogenerate` by hand.
    connection = database.connect().connect()

context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    compare_type=True,
    compare_server_default=False,
    include_object=migrations.ours,
    render_item=migrations.render,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
