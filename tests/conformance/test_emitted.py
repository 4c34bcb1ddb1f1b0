"""Whatever the gateway gives out, three validators that others wrote find no fault with."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.fhir.search.table import TYPES
from tests.conformance.road import Emitted, one_of_each
from tests.conformance.validators import Npm, Validator

pytestmark = pytest.mark.conformance

# Profiles whose snapshot @medplum/core cannot read: a slice there stands before the discriminator it inherits.
UNREAD = {
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance",
    "http://hl7.org/fhir/uv/aitransparency/StructureDefinition/AI-Provenance",
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips",
    "http://hl7.org/fhir/uv/ips/StructureDefinition/DiagnosticReport-uv-ips",
}

# What @medplum/core alone finds, and why it is none.
EXCUSED = (
    # The guide's slice is closed and names no value to tell it by, so no coding can be in it for certain.
    "DocumentReference.type.coding: Incorrect number of values provided for slice 'AIInputPrompt'",
    # Slices told by a value set: @medplum/core takes every code to be in it.
    "AuditEvent.subtype: Incorrect number of values provided for slice 'any",
    "AuditEvent.agent: Incorrect number of values provided for slice 'user'",
    # A probability that is not told is no number: to be compared with 100 there is none.
    "Constraint ras-2 not met",
    # Slices told by the pattern of their code, which it does not see here; HL7's validator finds each in its place.
    "Composition.section: Incorrect number of values provided for slice 'section",
)

# What HL7's validator finds because it has no terminology server to decide it, or looks into this Bundle only.
UNDECIDED = (
    # Slices of the summary that are told apart by value sets of LOINC: a weight may be a pregnancy, for all it knows.
    "Bundle-uv-ips|1.1.0, Element matches more than one slice - observation-pregnancy-",
    # A Provenance in a summary names the version before the one that is there, which a document need not hold.
    "/_history/1' in the bundle (",
)


def unexcused(faults: list[str], excuses: tuple[str, ...]) -> list[str]:
    """Those without an excuse; every excuse must still be needed."""
    assert all(any(excuse in fault for fault in faults) for excuse in excuses), "an excuse is no longer needed"
    return [fault for fault in faults if not any(excuse in fault for excuse in excuses)]


def faults_of(given_out: list[Emitted], validator: Validator) -> list[str]:
    return [f"{each}: {fault}" for each in given_out for fault in validator(each.resource)]


def test_every_type_is_among_them(given_out: list[Emitted]) -> None:
    types = Counter(each.resource["resourceType"] for each in given_out)
    claimed = {url for each in given_out for url in each.resource.get("meta", {}).get("profile", ())}
    print(f"{types.total()} resources of {len(types)} types, claiming {len(claimed)} profiles")
    assert {"Bundle", "CapabilityStatement", "OperationOutcome", "Parameters", *TYPES} <= types.keys()


def test_hl7s_validator_finds_no_error(given_out: list[Emitted], hl7: Validator) -> None:
    """In all but Provenances of one form, of which each sentence has its own: one of each takes a third of the time."""
    whole = [each for each in given_out if not each.inside]  # it looks into Bundles by itself
    told = [each for each in whole if each.resource["resourceType"] == "Provenance"]
    shown = [each for each in whole if each.resource["resourceType"] != "Provenance"] + one_of_each(told)
    print(f"{len(shown)} of {len(whole)} resources, the rest being Provenances alike")
    assert unexcused(faults_of(shown, hl7), UNDECIDED) == []


def test_medplums_validator_finds_no_error(given_out: list[Emitted], npm: Npm) -> None:
    medplum, _, unread = npm
    assert unexcused(faults_of(given_out, medplum), EXCUSED) == []
    assert set(unread) == UNREAD


def test_fhir_js_finds_every_code(given_out: list[Emitted], npm: Npm) -> None:
    _, codes, _ = npm
    assert faults_of(given_out, codes) == []
