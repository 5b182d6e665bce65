"""What all tables hang on: migrations compare it with the database."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
