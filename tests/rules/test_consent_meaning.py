"""What consents of others mean here: the examples of IHE's guide, and those of another engine.

https://profiles.ihe.net/ITI/PCF/ (the policies they name are not ours; what their provisions say is.)
"""

from __future__ import annotations

import json
import tarfile
from functools import cache
from typing import Any

import pytest

from tests.rules.consent_oracle import Caller
from tests.rules.deciding import seen
from tests.world import SHARED

PACKAGE = SHARED / "packages" / "SUSHI-BUILT-ihe.iti.pcf-1.1.1-current.tgz"
SAMPLES = SHARED / "samples" / "consents"
DAY = "2022-07-01"
# What is normal and of the encounter; what is restricted; what is of no encounter and by another hand.
NORMAL = {"ex-encounter", "ex-bloodPressure", "ex-bloodSugar", "ex-weight-2", "ex-weight"}
ALCOHOL, MADE, PSYCHIATRIC = {"ex-alcoholUse"}, {"made"}, {"psychiatric"}
EVERYTHING = NORMAL | ALCOHOL | MADE | PSYCHIATRIC
NOTHING: set[str] = set()
# By purpose: what ex-practitioner may see, and what somebody else; an example's name without "ex-".
Seen = tuple[set[str], set[str]]
BOTH = (EVERYTHING, EVERYTHING)
UNFOCUSED = (NORMAL | MADE, NORMAL | MADE)
MEANING: dict[str, dict[str, Seen]] = {
    "consent-basic-treat": {"TREAT": BOTH, "COC": BOTH, "HPAYMT": BOTH, "HRESCH": (NOTHING, NOTHING)},
    "consent-basic-treat-infant": {"TREAT": BOTH, "MLTRAINING": (NOTHING, NOTHING)},
    "consent-basic-ink": {"HOPERAT": BOTH, "BTG": (NOTHING, NOTHING)},
    "consent-basic-reject": {"TREAT": (NOTHING, NOTHING), "HPAYMT": (NOTHING, NOTHING)},
    "consent-basic-research": {"HRESCH": BOTH, "CLINTRCH": BOTH, "TREAT": (NOTHING, NOTHING)},
    "consent-expired-treat": {"TREAT": BOTH},
    "consent-intermediate-authoredby": {"TREAT": (MADE, MADE)},
    "consent-intermediate-not-authoredby": {"TREAT": (EVERYTHING - MADE, EVERYTHING - MADE)},
    "consent-intermediate-data": {"TREAT": (NORMAL | ALCOHOL, NORMAL | ALCOHOL)},
    "consent-intermediate-not-data": {"TREAT": (EVERYTHING - ALCOHOL, EVERYTHING - ALCOHOL)},
    "consent-intermediate-encounter": {"TREAT": (EVERYTHING - MADE, EVERYTHING - MADE)},
    "consent-intermediate-not-encounter": {"TREAT": (MADE, MADE)},
    "consent-intermediate-timeframe": {"TREAT": (ALCOHOL | PSYCHIATRIC, ALCOHOL | PSYCHIATRIC)},
    # The encounter has no date, so it may be of that year: a deny is read widely.
    "consent-intermediate-not-timeframe": {
        "TREAT": (
            EVERYTHING - ALCOHOL - PSYCHIATRIC - {"ex-encounter"},
            EVERYTHING - ALCOHOL - PSYCHIATRIC - {"ex-encounter"},
        )
    },
    "consent-intermediate-purpose": {"TREAT": (NOTHING, NOTHING)},
    "dissent-intermediate-break-glass": {"TREAT": (NOTHING, NOTHING), "BTG": (EVERYTHING, NOTHING)},
    "consent-advanced-normal": {"TREAT": UNFOCUSED},
    "consent-advanced-normal-restricted": {"TREAT": BOTH},
    "consent-advanced-normal-not-restricted": {"TREAT": UNFOCUSED},
    "consent-advanced-normal-focused-restricted": {"TREAT": (EVERYTHING, NORMAL | MADE)},
    "consent-advanced-normal-focused-psy": {"TREAT": (NORMAL | MADE | PSYCHIATRIC, NORMAL | MADE)},
    "consent-advanced-normal-focused-psy-or-sdv": {"TREAT": (NORMAL | MADE | PSYCHIATRIC, NORMAL | MADE)},
    "consent-advanced-normal-break-glass-restricted": {"TREAT": UNFOCUSED, "BTG": (EVERYTHING, NOTHING)},
}


@cache
def package() -> dict[str, dict[str, Any]]:
    """The examples by their ids."""
    with tarfile.open(PACKAGE) as archive:
        files = [archive.extractfile(name) for name in archive.getnames() if "/example/" in name]
        resources = [json.load(file) for file in files if file]
    return {each["id"]: each for each in resources}


def record() -> list[dict[str, Any]]:
    """The observations of the guide and their encounter, one made by ex-practitioner and one of psychiatry."""
    weight, alcohol = package()["ex-weight"], package()["ex-alcoholUse"]
    alone = {name: value for name, value in weight.items() if name != "encounter"}
    made = alone | {"id": "made", "performer": [{"reference": "Practitioner/ex-practitioner"}]}
    labels = [each | {"code": "PSY"} if each["code"] == "ETHUD" else each for each in alcohol["meta"]["security"]]
    psychiatric = alcohol | {"id": "psychiatric", "meta": {"security": labels}}
    return [*(package()[id] for id in sorted(NORMAL | ALCOHOL)), made, psychiatric]


def caller(who: str, purpose: str, day: str = DAY) -> Caller:
    return Caller("hospital", purpose, day, practitioner=who)


def privileged() -> dict[str, list[tuple[str, str, str]]]:
    members = package()["ex-privilegedUsers"]["member"]
    return {"Group/ex-privilegedUsers": [(each["entity"]["reference"], "", "9") for each in members]}


@pytest.mark.skipif(not PACKAGE.is_file(), reason="the package ihe.iti.pcf is not in ../shared/packages")
def test_every_example_of_the_guide_means_what_it_is_an_example_of() -> None:
    examples = {id.removeprefix("ex-"): each for id, each in package().items() if each["resourceType"] == "Consent"}
    assert set(examples) == set(MEANING)
    for name, consent in examples.items():
        for purpose, expected in MEANING[name].items():
            told = tuple(
                seen([consent], record(), caller(who, purpose), privileged()) for who in ("ex-practitioner", "else")
            )
            assert told == expected, (name, purpose)


@pytest.mark.skipif(not PACKAGE.is_file(), reason="the package ihe.iti.pcf is not in ../shared/packages")
def test_a_consent_ends_with_the_last_day_of_its_period() -> None:
    consent = package()["ex-consent-expired-treat"]
    assert seen([consent], record(), caller("else", "TREAT", "2022-12-31")) == EVERYTHING
    assert seen([consent], record(), caller("else", "TREAT", "2023-01-01")) == NOTHING


def boris(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"consent-boris-{name}.json").read_text())
    return found | {"id": name}


def labelled(code: str) -> dict[str, Any]:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}
    subject = {"reference": "Patient/52"}
    return {"resourceType": "Observation", "id": code, "meta": {"security": [label]}, "subject": subject}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of consents are not in ../shared/samples")
@pytest.mark.parametrize(
    ("name", "organization", "purpose", "expected"),
    [
        ("deny-restricted-label", "54", "TREAT", {"M", "N"}),
        ("deny-restricted-label", "55", "TREAT", {"M", "N", "R"}),
        ("deny-restricted-label", "55", "HRESCH", set()),
        ("optin-with-pou-in-root-provision", "54", "TREAT", {"M", "N", "R"}),
        ("optin-with-pou-in-root-provision", "54", "ERTREAT", {"M", "N", "R"}),
        ("optin-with-pou-in-root-provision", "54", "BTG", set()),
        ("optin-with-pou-in-root-provision", "54", "HPAYMT", set()),
        ("expired", "55", "TREAT", set()),
        ("inactive", "55", "TREAT", set()),
    ],
)
def test_the_provisions_of_another_engine_mean_the_same_here(
    name: str, organization: str, purpose: str, expected: set[str]
) -> None:
    content = [labelled(code) for code in "MNRV"]
    assert seen([boris(name)], content, Caller(organization, purpose, "2026-09-02")) == expected
