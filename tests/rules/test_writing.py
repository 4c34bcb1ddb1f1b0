"""What writers may send."""

from __future__ import annotations

from typing import Any

from gateway.fhir.labels import AIAST, CONFIDENTIALITY
from gateway.rules.writing import admit, is_reserved


def labelled(*codings: Any, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "meta": {"security": [dict(each) for each in codings]}, **elements}


def test_what_the_machine_wrote_is_known_wherever_it_says_so() -> None:
    assert is_reserved(labelled(AIAST))
    assert is_reserved({"resourceType": "Basic", "extension": [{"valueCoding": dict(AIAST)}]})
    assert not is_reserved(labelled(CONFIDENTIALITY["R"]))
    (issue,) = admit(labelled(component=[{"valueCodeableConcept": {"coding": [dict(AIAST)]}}]))
    assert issue.expression == "Observation.component[0].valueCodeableConcept.coding[0]"
