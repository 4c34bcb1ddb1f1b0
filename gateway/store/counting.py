"""How many rows match and may be seen.

None of them leaves, so those of which the policy knows the same are decided as one; and patient by patient, as the
rules of one lie side by side: a page of them is deciphered once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select

from gateway.rules.subjects import SEVERAL
from gateway.store.statements import Prepared
from gateway.store.tables import resource
from gateway.store.visible import shielded, visible

_ROW = resource.c
# All that `visible` asks of a row. A Consent is told by its own id, what is about several patients by those of its row.
_ALIKE: tuple[ColumnElement[Any], ...] = (
    _ROW.patient_id,
    _ROW.kind_pk,
    _ROW.custodian_id,
    _ROW.confidentiality,
    _ROW.type,
    case((_ROW.type == literal_column("'Consent'"), _ROW.id)).label("id"),
    case((_ROW.patient_id == literal_column(f"'{SEVERAL}'"), _ROW.pk)).label("pk"),
)


def counted(conditions: Sequence[ColumnElement[bool]], *, are_few: bool) -> Prepared:
    """The number of rows of `resource` that meet the conditions and may be seen; like what is `shielded`, it does not
    run without the `parameters` of a visibility. Where they `are_few`, deciding each takes less than sorting them."""
    if are_few:
        return shielded(select(func.count()).select_from(resource).where(*conditions))
    rows = select(*_ALIKE, func.count().label("rows")).where(*conditions).group_by(*_ALIKE).subquery()
    return Prepared(select(func.coalesce(func.sum(rows.c.rows), literal_column("0"))).where(visible(rows)))
