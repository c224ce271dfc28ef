"""Migrations of the database schema, which `service.store.schema` runs by Alembic."""
