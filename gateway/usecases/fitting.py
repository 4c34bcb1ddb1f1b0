"""From a resource as it was sent to the version that is kept: checked, labelled, about patients of the writer's own.

Whoever writes is the custodian, and nobody writes into a record that another organization keeps: foreign, hidden and
absent patients give the same refusal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.errors import BadRequest, Forbidden, Issue, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.elements import elements_of
from gateway.fhir.json import parse
from gateway.fhir.labels import security_of
from gateway.fhir.references import Reference, literal
from gateway.fhir.search.index import index
from gateway.rules import subjects, writing
from gateway.rules.audit import Act
from gateway.rules.labelling_written import held_by, label_carried, label_written
from gateway.rules.scopes import allows
from gateway.store import resources
from gateway.store.resources import Stored
from gateway.usecases.changes import Ground, Step
from gateway.usecases.consent_references import check_consent
from gateway.usecases.incoming import PARTLY_SEEN
from gateway.usecases.known import current, is_own_patient, patients_in

_FOREIGN = "This is about a patient whose record the caller's organization does not keep."
# What the FHIR API is asked; who records a consent elsewhere needs no scope but that.
_LETTERS = {Act.CREATE: "c", Act.UPDATE: "u", Act.PATCH: "u"}
# Whom these list comes and goes; whatever else is about a patient stays about that patient.
_ROSTERS = frozenset({"Group", "List"})
_LATER = "This tells of an entry that is decided after it: send it in a request of its own."


def fit(ground: Ground, act: Act, resource: dict[str, Any], *, id: str, former: Stored | None = None) -> Step:
    """The step that writes `resource` as the next version of `former`; what was sent is left as it is.

    Raises Unprocessable or BadRequest with every fault, Forbidden for what is beyond the scopes, or is about a patient
    who is not one of the caller's organization, or was about another one.
    """
    kind, caller = resource["resourceType"], ground.asked.caller
    kept = _last_content(ground, former)
    resource = identified(localised(resource, f"{ground.services.fhir_base}/"), id)
    _check(ground, resource, is_by_operation=act not in _LETTERS)
    label_written(resource, kept, ground.services.labels.given(resource))
    label_carried(resource, _held_content(ground, resource))
    if kind == "Consent":
        # One that names a model permits or refuses it; it does not speak for it.
        check_consent(ground, resource, kept)
    else:
        _check_speaker(ground, resource)
    if act in _LETTERS:
        _check_scopes(caller.scopes, _LETTERS[act], resource)
    patients = _patients(ground, resource, former is None or former.is_deleted)
    if former is not None and not _held(former, kept) <= set(patients):
        raise Forbidden("What is about a patient stays about that patient.")
    _check_attachments(ground, resource, subjects.subject_of(kind, patients))
    rows = tuple(index(resource))
    return Step(act, kind, id, former, resource, patients, caller.organization_id, rows)


def carry(ground: Ground, step: Step) -> Step:
    """The planned step, labelled no lower than what it holds, now that this is planned as well."""
    if step.resource is None or not held_by(step.resource):
        return step
    before = security_of(step.resource)
    label_carried(step.resource, _held_content(ground, step.resource))
    if security_of(step.resource) == before:
        return step
    return ground.plan(replace(step, rows=tuple(index(step.resource))))


def _check_scopes(scopes: frozenset[str], letter: str, resource: dict[str, Any]) -> None:
    """A Consent is enforced from the moment it is kept, so writing one takes the scope for that too."""
    if resource["resourceType"] == "Consent" and "consent" not in scopes:
        raise Forbidden("Writing a Consent takes the scope 'consent' as well.")
    if not allows(scopes, resource["resourceType"], letter, resource):
        raise Forbidden


def _last_content(ground: Ground, former: Stored | None) -> dict[str, Any] | None:
    """What the resource said before, if need be before its deletion: deleting it sets nothing free."""
    if former is not None and former.is_deleted:
        last = former.version - 1
        former = resources.vread(ground.db, ground.asked.visibility, former.type, former.id, last)
        if former is not None and former.redacts:
            raise Forbidden(PARTLY_SEEN)
    found: dict[str, Any] | None = parse(former.text) if former is not None else None
    return found


def identified(resource: dict[str, Any], id: str) -> dict[str, Any]:
    """Give the resource its id; version and time are not the writer's to tell, and are taken away."""
    resource["id"] = id
    meta = resource.get("meta")
    if isinstance(meta, dict):
        for name in ("versionId", "_versionId", "lastUpdated", "_lastUpdated"):
            meta.pop(name, None)
        if not meta:
            del resource["meta"]
    return resource


def localised(value: Any, base: str) -> Any:
    """A copy in which absolute references to this server are relative."""
    if isinstance(value, list):
        return [localised(item, base) if isinstance(item, dict | list) else item for item in value]
    copy = {}
    for name, item in value.items():
        if isinstance(item, dict | list):
            copy[name] = localised(item, base)
        elif isinstance(item, str) and (name == "reference" or (name == "url" and item.startswith(f"{base}Binary/"))):
            copy[name] = item.removeprefix(base)
        else:
            copy[name] = item
    return copy


def _check(ground: Ground, resource: dict[str, Any], *, is_by_operation: bool) -> None:
    issues = check(resource, profiles=ground.services.profiles)
    if any((issue.expression or "").endswith("text.div") for issue in issues):
        raise BadRequest("The narrative is not safe XHTML.", issues=issues)
    issues = issues or writing.admit(resource) + ([] if is_by_operation else writing.by_operation(resource))
    if issues:
        raise Unprocessable("The resource breaks a rule.", issues=issues)


def _check_speaker(ground: Ground, resource: dict[str, Any]) -> None:
    """Nobody writes in the name of a model: what it made enters as a submission."""
    visibility = ground.asked.visibility
    named = {found.id for found in subjects.references_of(resource) if found.type == "Device"}
    devices = (resources.read(ground.db, visibility, "Device", id) for id in named)
    if any(found and not found.is_deleted and writing.is_reserved(parse(found.text)) for found in devices):
        text = "This names a model that the gateway knows: AI content enters as a submission."
        raise Unprocessable(issues=[Issue(text, resource["resourceType"], "business-rule")])


def _patients(ground: Ground, resource: dict[str, Any], is_new: bool) -> tuple[str, ...]:
    """Whom the resource is about, each a patient of the caller's own. Raises Forbidden and Unprocessable."""
    kind = resource["resourceType"]
    named = list(subjects.patients_of(resource))
    for target in subjects.targets_of(resource):
        named += _patients_behind(ground, target, must_be=kind == "Binary")
    patients = tuple(dict.fromkeys(named))
    for patient in patients:
        if not (is_new and kind == "Patient" and patient == resource["id"]) and not is_own_patient(ground, patient):
            raise Forbidden(_FOREIGN)
    if not patients and kind in subjects.NEEDS_PATIENT:
        issue = Issue("A patient of this server must be named here.", kind, "required")
        raise Unprocessable("The resource is about no patient.", issues=[issue])
    return patients


def _patients_behind(ground: Ground, target: Reference, *, must_be: bool) -> tuple[str, ...]:
    """The patients of another resource; of what is not there none, unless it must be. Raises Forbidden for what is not
    the caller's."""
    step = ground.beside.get(f"{target.type}/{target.id}")
    if step is not None and step.is_provisional:
        raise BadRequest(_LATER)
    if step is not None:
        return step.patients
    found = current(ground, target.type, target.id)
    if found is None and not must_be:
        return ()
    if found is None:
        raise Forbidden(_FOREIGN)
    if found.patient_id is not None and found.custodian_id != ground.asked.caller.organization_id:
        raise Forbidden(_FOREIGN)
    return patients_in(found)


def _held_content(ground: Ground, resource: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What the resource holds, lists or tells of, whose labels it carries: it would give it away."""
    for target in held_by(resource):
        step = ground.beside.get(f"{target.type}/{target.id}")
        found = current(ground, target.type, target.id) if step is None else None
        if step is not None and step.resource is not None and not step.is_provisional:
            yield step.resource
        elif found is not None:
            yield {} if found.is_deleted else parse(found.text)


def _held(former: Stored, kept: dict[str, Any] | None) -> set[str]:
    """The patients whom the next version has to be about."""
    if former.type in _ROSTERS:
        return set(subjects.patients_of({"resourceType": former.type, "subject": (kept or {}).get("subject")}))
    if former.patient_id == subjects.SEVERAL:
        return set(subjects.patients_of(kept)) if kept else set()
    return {former.patient_id} if former.patient_id else set()


def _check_attachments(ground: Ground, resource: dict[str, Any], patient_id: str | None) -> None:
    """An address in an attachment is followed by readers: it may lead to a Binary of the same record only."""
    issues = [
        Issue("Send the content inline, or as a Binary of the same patient.", f"{path}.url", "business-rule")
        for path, attachment in elements_of(resource, "Attachment")
        if "url" in attachment and not _is_own_binary(ground, attachment["url"], patient_id)
    ]
    if issues:
        raise Unprocessable("An attachment leads elsewhere.", issues=issues)


def _is_own_binary(ground: Ground, url: str, patient_id: str | None) -> bool:
    target = literal(url)
    if target is None or target.type != "Binary" or target.version is not None:
        return False
    step = ground.beside.get(f"Binary/{target.id}")
    if step is not None:
        return step.resource is not None and step.patient_id in (None, patient_id)
    found = current(ground, "Binary", target.id)
    if found is None or found.is_deleted or found.custodian_id != ground.asked.caller.organization_id:
        return False
    return found.patient_id in (None, patient_id)
