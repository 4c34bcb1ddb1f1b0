"""The search index anew: for quantities and composites, and with the rows of one resource side by side.

What was indexed stays so and is found as before; `indexed_by` tells that it wants `gateway reindex`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(64)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MICROS = sa.BigInteger()
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
KEYS = {
    "ix_token": ["code", "system"],
    "ix_reference": ["target_id", "target_type"],
    "ix_date": ["low", "high"],
    "ix_string": ["start"],
    "ix_quantity": ["low", "high"],
    "ix_uri": ["value"],
}
FORMER_KEYS = KEYS | {"ix_string": ["folded"]}


def _token() -> list[sa.Column[Any]]:
    return [sa.Column("system", TEXT), sa.Column("code", TEXT, nullable=False)]


def _reference() -> list[sa.Column[Any]]:
    return [
        sa.Column("target_type", ID),
        sa.Column("target_id", TEXT),
        sa.Column("target_version", ID),
        sa.Column("system", TEXT),
        sa.Column("value", TEXT),
    ]


def _date() -> list[sa.Column[Any]]:
    return [sa.Column("low", MICROS, nullable=False), sa.Column("high", MICROS, nullable=False)]


def _string() -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in ("start", "folded", "exact")]


def _quantity() -> list[sa.Column[Any]]:
    ends: list[sa.Column[Any]] = [sa.Column(name, sa.Double(), nullable=False) for name in ("low", "high")]
    return ends + [sa.Column(name, TEXT) for name in ("system", "code", "unit")]


def _uri() -> list[sa.Column[Any]]:
    return [sa.Column("value", TEXT, nullable=False)]


COLUMNS = {
    "ix_token": _token,
    "ix_reference": _reference,
    "ix_date": _date,
    "ix_string": _string,
    "ix_quantity": _quantity,
    "ix_uri": _uri,
}
FORMER = [name for name in COLUMNS if name != "ix_quantity"]


def upgrade() -> None:
    op.add_column("resource", sa.Column("indexed_by", sa.String(16), server_default="", nullable=False))
    op.create_index(
        "ix_resource_indexed",
        "resource",
        ["indexed_by", "pk"],
        sqlite_where=sa.text("is_current = 1"),
        postgresql_where=sa.text("is_current"),
    )
    for name in COLUMNS:
        if name in FORMER:
            _set_aside(name, ["patient", "resource", "value"])
        _create(name)
        if name in FORMER:
            _copy(name, ["resource_pk", "type", "name", "patient_id"], placed=True)


def downgrade() -> None:
    for name in COLUMNS:
        if name in FORMER:
            _set_aside(name, ["of", "value"])
            _create_former(name)
            _copy(name, ["resource_pk", "type", "name", "patient_id"], placed=False)
        else:
            op.drop_table(name)
    op.drop_index("ix_resource_indexed", "resource")
    op.drop_column("resource", "indexed_by")


def _set_aside(name: str, indexes: list[str]) -> None:
    for index in indexes:
        op.drop_index(f"ix_{name}_{index}", name)
    op.rename_table(name, f"former_{name}")
    if op.get_bind().dialect.name == "postgresql":  # names of constraints are the table's own on SQLite only
        op.execute(f'ALTER TABLE "former_{name}" DROP CONSTRAINT "fk_{name}_resource_pk"')
        op.execute(f'ALTER TABLE "former_{name}" DROP CONSTRAINT IF EXISTS "pk_{name}"')


def _create(name: str) -> None:
    op.create_table(
        name,
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("patient_id", ID),
        *COLUMNS[name](),
        sa.Column("of_system", TEXT),
        sa.Column("of_code", TEXT),
        sa.PrimaryKeyConstraint("resource_pk", "name", "place", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name=f"fk_{name}_resource_pk", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{name}_value", name, ["type", "name", *KEYS[name], "resource_pk"])
    op.create_index(
        f"ix_{name}_of",
        name,
        ["type", "name", "of_code", *KEYS[name], "resource_pk"],
        sqlite_where=sa.text("of_code IS NOT NULL"),
        postgresql_where=sa.text("of_code IS NOT NULL"),
    )


def _create_former(name: str) -> None:
    plain = sa.String()
    columns = [
        sa.Column(column.name, plain if column.type is TEXT else column.type, nullable=column.nullable)
        for column in COLUMNS[name]()
        if column.name != "start"
    ]
    op.create_table(
        name,
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("patient_id", ID),
        *columns,
        sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name=f"fk_{name}_resource_pk", ondelete="CASCADE"),
    )
    op.create_index(f"ix_{name}_patient", name, ["patient_id", "type", "name", *FORMER_KEYS[name]])
    op.create_index(f"ix_{name}_resource", name, ["resource_pk"])
    op.create_index(f"ix_{name}_value", name, ["type", "name", *FORMER_KEYS[name], "resource_pk"])


def _copy(name: str, heads: list[str], *, placed: bool) -> None:
    """The rows set aside, given a place among those of their resource; going back, without those of composites."""
    values = [column.name for column in COLUMNS[name]()]
    source = ["substr(folded, 1, 100)" if value == "start" else value for value in values]
    condition = "" if placed else " WHERE of_code IS NULL"
    if placed:
        values, source = (
            [*values, "place"],
            [*source, f"row_number() OVER (PARTITION BY resource_pk ORDER BY {heads[2]})"],
        )
    elif "start" in values:
        source.pop(values.index("start"))
        values.remove("start")
    into, found = ", ".join([*heads, *values]), ", ".join([*heads, *source])
    op.execute(f"INSERT INTO {name} ({into}) SELECT {found} FROM former_{name}{condition}")  # noqa: S608
    op.drop_table(f"former_{name}")
