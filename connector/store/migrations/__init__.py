"""Alembic migrations, shipped with the package and run by store.upgrade."""
