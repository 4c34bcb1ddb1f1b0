"""The least that is valid of each R4 type, and one element more at a time: made along the gateway's own tables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gateway.fhir.tables import Child, node

Json = dict[str, Any]

PRIMITIVES: dict[str, Any] = {
    "boolean": True,
    "integer": -1,
    "unsignedInt": 0,
    "positiveInt": 1,
    "decimal": Decimal("1.50"),
    "string": "words",
    "markdown": "*words*",
    "code": "c",
    "id": "i-1",
    "uri": "urn:x",
    "url": "http://example.org",
    "canonical": "http://example.org/a|1",
    "oid": "urn:oid:1.2",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "date": "2020-02",
    "dateTime": "2020-02-03T04:05:06.7Z",
    "instant": "2020-02-03T04:05:06Z",
    "time": "04:05:06",
    "base64Binary": "aGk=",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">words</div>',
}
# What the rules of R4 ask beyond the counts of elements.
YEAR = {"value": 1, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
RULED: dict[str, Json] = {
    "Age": YEAR,
    "AllergyIntolerance": {
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}
            ]
        }
    },
    "Appointment": {"status": "proposed"},
    "Appointment.participant": {"actor": {"reference": "Patient/1"}},
    "Communication": {"payload": [{"contentString": "words"}]},
    "ContactPoint": {"system": "phone", "value": "1"},
    "Count": {"value": 1, "system": "http://unitsofmeasure.org", "code": "1"},
    "Distance": {"value": 1, "system": "http://unitsofmeasure.org", "code": "m"},
    "Duration": YEAR,
    "Expression": {"language": "text/fhirpath", "expression": "true"},
    "Extension": {"valueString": "words"},
    "MedicationAdministration.dosage": {"dose": {"value": 1}},
    "Organization": {"name": "A practice"},
    "Patient.contact": {"name": {"text": "A name"}},
    "Ratio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
    "TriggerDefinition": {"type": "named-event", "name": "words"},
}


def least(path: str) -> Json:
    """The smallest valid instance of a type or nested element."""
    kind = node(path)
    made: Json = {"resourceType": path} if kind.is_resource else {}
    for _, keys in kind.required:
        made[keys[0]] = content(kind.children[keys[0]])
    made |= RULED.get(path, {})
    return made or _of_one(path)


def content(child: Child) -> Any:
    """A valid value of an element: a list where it repeats."""
    value = _value(child)
    return [value] if child.many else value


def with_each(path: str) -> Iterator[tuple[str, Json]]:
    """The smallest instance with each further element in turn, by the element's key."""
    for key, child in node(path).children.items():
        made = least(path)
        rivals = {other for other, each in node(path).children.items() if each.name == child.name and other != key}
        yield (
            key,
            {name: value for name, value in made.items() if name not in rivals} | {key: made.get(key, content(child))},
        )


def _value(child: Child) -> Any:
    if child.test is not None:
        return min(min(child.codes.items())[1]) if child.codes else PRIMITIVES[child.type]
    if child.type == "Resource":
        return {"resourceType": "Basic", "id": "b", "code": {"text": "words"}}
    if child.type == "Reference":
        return {"reference": f"{min(child.targets) if child.targets else 'Patient'}/1"}
    if child.codes:
        system, codes = min(child.codes.items())
        coding = {"system": system, "code": min(codes)}
        return {"coding": [coding]} if child.type == "CodeableConcept" else {"value": 1} | coding
    return least(child.node or child.type)


def _of_one(path: str) -> Json:
    """What needs nothing in particular still needs something."""
    key, child = next(
        (key, each) for key, each in node(path).children.items() if key not in ("id", "extension", "modifierExtension")
    )
    return {key: content(child)}
