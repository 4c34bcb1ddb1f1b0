"""Labels: put on once, read back, and the high-water mark over several resources."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir import labels
from gateway.fhir.labels import AIAST, CONFIDENTIALITY, MH, confidentiality_of, label


def resource(*codings: labels.Coding) -> dict[str, Any]:
    return label({"resourceType": "Observation"}, *codings)


def test_a_label_is_put_on_once() -> None:
    labelled = label(resource(MH, AIAST), AIAST, MH)
    assert labels.security_of(labelled) == [(MH["system"], "MH"), (AIAST["system"], "AIAST")]


def test_a_new_confidentiality_replaces_the_former_and_keeps_the_rest() -> None:
    labelled = label(resource(CONFIDENTIALITY["R"], MH), CONFIDENTIALITY["N"])
    assert labels.security_of(labelled) == [(MH["system"], "MH"), (labels.CONFIDENTIALITY_SYSTEM, "N")]


def test_the_labels_of_one_resource_are_not_shared_with_another() -> None:
    first = resource(MH)
    first["meta"]["security"][0]["display"] = "changed"
    assert resource(MH)["meta"]["security"] == [dict(MH)]
    assert "display" not in MH


def test_silence_means_most_restricted() -> None:
    assert confidentiality_of({"resourceType": "Observation"}) == "V"
    assert confidentiality_of(resource(MH, AIAST)) == "V"


@pytest.mark.parametrize("code", ["PSY", "", "n"])
def test_an_unknown_or_retired_confidentiality_is_most_restricted(code: str) -> None:
    coding = {"system": labels.CONFIDENTIALITY_SYSTEM, "code": code}
    assert confidentiality_of({"meta": {"security": [coding]}}) == "V"


def test_the_order_of_confidentiality_is_very_restricted_to_unrestricted() -> None:
    for higher, lower in zip("VRNML", "RNMLU", strict=True):
        assert labels.highest([lower, higher, lower]) == higher


def test_an_inline_label_raises_the_confidentiality_of_the_resource() -> None:
    labelled = resource(CONFIDENTIALITY["N"], labels.PROCESSINLINELABEL)
    labelled["component"] = [{"_valueString": labels.label_inline({}, CONFIDENTIALITY["R"])}]
    assert list(labels.inline_of(labelled)) == [(labels.CONFIDENTIALITY_SYSTEM, "R")]
    assert confidentiality_of(labelled) == "R"
