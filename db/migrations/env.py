"""Alembic's entry. `db.migrate` calls it with an open connection in the config's attributes."""

from alembic import context

from db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
