"""What all tables share. Patient-content tables carry the patient key, so that they can be sharded by it.

Times are integer microseconds since the epoch (UTC); `text` is the exact JSON that is served.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(64)
# SQLite gives automatic row numbers to INTEGER only; PostgreSQL wants the wide type.
Number = BigInteger().with_variant(Integer, "sqlite")
Micros = BigInteger
# Compared byte by byte on both engines, so that a range of texts is a range of the index.
Text = String().with_variant(String(collation="C"), "postgresql")


def key() -> Column[int]:
    return Column("pk", Number, primary_key=True, autoincrement=True)
