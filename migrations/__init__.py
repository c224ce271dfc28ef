"""The schema's history, run by Alembic; `service.store.schema` starts it."""
