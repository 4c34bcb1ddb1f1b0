"""The resources that go into a document with its Composition: patient, custodian, model, and who took part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.fhir import json
from gateway.fhir.labels import RESTRICTED
from gateway.fhir.references import literal
from gateway.rules.access import Visibility
from gateway.rules.basis import Basis
from gateway.rules.content import aspect_of
from gateway.rules.sensitivity import PART_2, PSYCHOTHERAPY
from gateway.rules.shape import RANK
from gateway.store import resources
from gateway.store.database import Reader

_KINDS = frozenset({"Patient", "Organization", "Practitioner", "PractitionerRole", "Device", "DocumentReference"})
_MOST = 64
_CEILING = RANK[RESTRICTED["code"]]  # the class of the document: rules.labelling


def companions_of(
    db: Reader,
    visibility: Visibility,
    basis: Basis,
    practitioners: Iterable[str],
    made: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Mapping[str, Any]]:
    """Everything the Composition refers to, and what that refers to in turn. `made` may be unpublished. What is more
    restricted than the document stays out: whoever may read the document reads all that is in it."""
    known = {f"{item['resourceType']}/{item['id']}": item for item in made}
    attribution = basis.attribution
    waiting = [
        *(f"Patient/{id}" for id in basis.patients),
        f"Organization/{attribution.custodian_id}",
        f"Device/{attribution.device_id}",
        *(f"Practitioner/{id}" for id in practitioners),
    ]
    found: dict[str, Mapping[str, Any]] = {}
    while waiting and len(found) < _MOST:
        reference = waiting.pop(0)
        if reference in found:
            continue
        resource = _stored(db, visibility, reference, basis.patients) or known.get(reference)
        if resource is not None and _fits(resource):
            found[reference] = resource
            waiting.extend(_references(resource))
    return found


def _stored(db: Reader, visibility: Visibility, reference: str, patients: Collection[str]) -> Mapping[str, Any] | None:
    """What is about one of the patients or about nobody: a linked patient's record never comes along."""
    kind, _, id = reference.partition("/")
    stored = resources.read(db, visibility, kind, id)
    if stored is None or stored.is_deleted or stored.patient_id not in (None, *patients):
        return None
    resource: dict[str, Any] = json.parse(stored.text)
    return resource


def _fits(resource: Mapping[str, Any]) -> bool:
    """No more restricted than the document, and under none of the laws that ask for a consent of their own."""
    aspect = aspect_of(resource)
    return RANK[aspect.confidentiality] <= _CEILING and aspect.labels.isdisjoint({*PSYCHOTHERAPY, PART_2})


def _references(value: Any) -> Iterator[str]:
    """Local references to the kinds of resources a document takes along."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, Mapping):
        target = literal(value["reference"]) if isinstance(value.get("reference"), str) else None
        if target is not None and target.type in _KINDS:
            yield f"{target.type}/{target.id}"
        for item in value.values():
            yield from _references(item)
