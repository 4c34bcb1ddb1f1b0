"""The validators do find faults: each fault planted in what the gateway gives out is told by those named here."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from gateway.fhir.json import dump
from tests.conformance.road import Emitted
from tests.conformance.validators import Npm, Validator

pytestmark = pytest.mark.conformance

Json = dict[str, Any]
HL7, MEDPLUM, FHIR_JS = "HL7", "Medplum", "fhir.js"
SCRIPT = '<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>'
CORE, AI = "us-core-patient", "AI-Provenance"
CLAIM = "http://hl7.org/fhir/StructureDefinition/"


class Planted(NamedTuple):
    """`by`: who must tell it; the others may. `holding`: what the text of the sound resource has in it."""

    what: str
    type: str
    plant: Callable[[Json], object]
    by: tuple[str, ...]
    holding: str = ""


def _claim(resource: Json, url: str) -> None:
    resource.setdefault("meta", {}).setdefault("profile", []).append(url)


def _misled(resource: Json) -> None:
    resource["agent"][0]["who"] = {"reference": "Observation/1", "type": "Observation"}


def _said_otherwise(resource: Json) -> None:
    """The text to be shown with it, as words of no structure."""
    [extension] = resource["meta"]["extension"]
    extension["valueString"] = extension.pop("valueAnnotation")["text"]


FAULTS = (
    Planted("an element R4 does not have", "Patient", lambda one: one.update(colour="red"), (HL7, MEDPLUM, FHIR_JS)),
    Planted("a code out of the value set", "Patient", lambda one: one.update(gender="robot"), (HL7, FHIR_JS)),
    Planted("no such day", "Patient", lambda one: one.update(birthDate="1990-02-30"), (HL7,)),
    Planted("a required element left out", "DocumentReference", lambda one: one.pop("status"), (HL7, MEDPLUM, FHIR_JS)),
    Planted("what a profile requires left out", "Patient", lambda one: one.pop("name"), (HL7, MEDPLUM), CORE),
    Planted("a slice left out", "Provenance", lambda one: one.update(reason=one["reason"][1:]), (HL7,), AI),
    Planted("a code of another system", "AuditEvent", lambda one: one.update(action="X"), (HL7, FHIR_JS)),
    Planted("one where many may be", "Provenance", lambda one: one.update(target=one["target"][0]), (HL7, MEDPLUM)),
    Planted("an empty list", "Organization", lambda one: one.update(contact=[]), (HL7,)),
    Planted(
        "a period that ends before it starts",
        "Consent",
        lambda one: one["provision"].update(period={"start": "2026-02-01", "end": "2026-01-01"}),
        (HL7,),
    ),
    Planted(
        "script in the narrative",
        "Composition",
        lambda one: one.update(text={"status": "generated", "div": SCRIPT}),
        (HL7,),
    ),
    Planted("a reference to the wrong type", "Provenance", _misled, (HL7,)),
    Planted("a profile nobody knows", "Device", lambda one: _claim(one, f"{CLAIM}Unheard-of"), (HL7,)),
    Planted(
        "an extension nobody knows",
        "Practitioner",
        lambda one: one.update(extension=[{"url": f"{CLAIM}unheard-of", "valueString": "x"}]),
        (HL7,),
    ),
    Planted("an extension of DS4P with another type", "Goal", _said_otherwise, (HL7,), "extension-display"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_is_told(fault: Planted, given_out: list[Emitted], hl7: Validator, npm: Npm) -> None:
    medplum, fhir_js, _ = npm
    those = (each.resource for each in given_out if each.resource["resourceType"] == fault.type)
    sound = next(each for each in those if fault.holding in dump(each).decode())
    faulty = copy.deepcopy(sound)
    fault.plant(faulty)
    told = {HL7: hl7(faulty), MEDPLUM: medplum(faulty), FHIR_JS: fhir_js(faulty)}
    silent = [name for name in fault.by if not told[name]]
    assert not silent, told
