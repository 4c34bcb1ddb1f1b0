"""What is recorded of an answer that carries the content of patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.fhir.json import parse
from gateway.rules import subjects
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.subjects import SEVERAL
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked


def disclosures(
    asked: Asked, act: Act, target: str | None, rows: Iterable[Stored], detail: Mapping[str, Any] | None = None
) -> list[AuditEntry]:
    """One entry per patient whose content leaves, naming the versions and the consents that permitted them; one
    without a patient if there is none."""
    shares: dict[tuple[str, str | None], list[Stored]] = {}
    for row in rows:
        for patient_id in patients_of(row):
            shares.setdefault((patient_id, row.custodian_id), []).append(row)
    common = dict(detail or {})
    if not shares:
        return [asked.entry(act, target, detail=common)]
    return [
        asked.entry(act, target, patient_id=patient_id, custodian_id=custodian_id, detail=common | _share(share))
        for (patient_id, custodian_id), share in shares.items()
    ]


def patients_of(row: Stored) -> tuple[str, ...]:
    """Whose content a version is: of one that is about several patients, all that it names. A deleted one, or one that
    only tells of what names them, stays with the mark for several."""
    if row.patient_id != SEVERAL:
        return (row.patient_id,) if row.patient_id else ()
    return (not row.is_deleted and subjects.patients_of(parse(row.text))) or (SEVERAL,)


def _share(rows: Sequence[Stored]) -> dict[str, Any]:
    consents = sorted({consent for row in rows for consent in row.consents})
    versions = [f"{row.type}/{row.id}/_history/{row.version}" for row in rows]
    told = {"consents": consents, "redacted": redacted(rows)}
    return {"count": len(rows), "resources": versions, **{name: value for name, value in told.items() if value}}


def redacted(rows: Iterable[Stored]) -> dict[str, str]:
    """Of what goes out without some of its parts the digest of the whole, by version."""
    return {f"{row.type}/{row.id}/_history/{row.version}": row.whole.digest for row in rows if row.whole}
