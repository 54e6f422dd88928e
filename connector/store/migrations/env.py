"""Runs the migrations on the connection that store.upgrade opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from connector.store.revisions import VERSION_TABLE
from connector.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
