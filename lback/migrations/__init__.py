"""Alembic behind ``lback makemigrations`` and ``lback migrate``."""
