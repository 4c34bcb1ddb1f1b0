"""From a form to a Consent: what is filled in is what it says, in the narrowest profile of IHE that has words for it.

The Intermediate profile forgets to forbid labels in nested provisions; those are for the Advanced one all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.fhir import profiles
from gateway.fhir.check import check
from gateway.rules.consent_admission import admit
from gateway.rules.consent_codes import ADVANCED, BASIC, INTERMEDIATE, Concern, concern_of
from gateway.rules.consent_form import Clause, Form, consent_of, permit
from tests.world import SHARED

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
PCF = SHARED / "packages" / "SUSHI-BUILT-ihe.iti.pcf-1.1.1-current.tgz"
HOSPITAL = ("Organization/hospital",)

PSY = Clause("deny", labels=("PSY", "42CFRPart2"))
CLAUSES = {
    "who and why": (Clause(recipients=HOSPITAL, purposes=("TREAT", "HPAYMT"), start="2026"), BASIC),
    "nobody": (Clause("deny"), BASIC),
    "content of a year": (Clause(recipients=HOSPITAL, since="2026-01-01", until="2026-12-31"), INTERMEDIATE),
    "an encounter": (Clause(data=(("related", "Encounter/e"), ("instance", "Goal/g"))), INTERMEDIATE),
    "but for research": (Clause(exceptions=(Clause("deny", purposes=("HRESCH",)),)), INTERMEDIATE),
    "what depends on it": (Clause(data=(("dependents", "Encounter/e"),)), ADVANCED),
    "what belongs to an observation": (Clause(data=(("related", "Observation/o"),)), ADVANCED),
    "two things but": (
        Clause(exceptions=(Clause("deny", data=(("instance", "Goal/g"), ("instance", "Goal/h"))),)),
        ADVANCED,
    ),
    "labels": (Clause(labels=("N",)), ADVANCED),
    "all but labels": (Clause(recipients=HOSPITAL, exceptions=(PSY,)), ADVANCED),
    "a type": (Clause(types=("Observation",)), None),
    "a code": (Clause(codes=(("http://loinc.org", "44249-1"),)), None),
    "an exception to an exception": (Clause(exceptions=(Clause("deny", labels=("R",), exceptions=(PSY,)),)), None),
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> profiles.Profiles:
    if not PCF.is_file():
        pytest.skip("the package ihe.iti.pcf is not in ../shared/packages")
    folder: Path = tmp_path_factory.mktemp("packages")
    (folder / PCF.name).symlink_to(PCF)
    return profiles.load(folder)


@pytest.mark.parametrize("name", CLAUSES)
def test_a_consent_claims_the_narrowest_profile_that_has_words_for_it(name: str) -> None:
    clause, profile = CLAUSES[name]
    made = consent_of(Form("p1", clause), "c1", "clinic", NOON)
    assert made["meta"].get("profile") == ([profile] if profile else None)
    assert check(made) == admit(made, NOON) == []


@pytest.mark.parametrize("name", [name for name, (_, profile) in CLAUSES.items() if profile])
def test_it_conforms_to_the_profile_it_claims_and_not_to_the_one_before(name: str, known: profiles.Profiles) -> None:
    clause, profile = CLAUSES[name]
    made = consent_of(Form("p1", clause), "c1", "clinic", NOON)
    assert check(made, profiles=known) == []
    narrower = {INTERMEDIATE: BASIC, ADVANCED: INTERMEDIATE}.get(profile or "")
    if narrower and name != "all but labels":
        assert check(made | {"meta": {"profile": [narrower]}}, profiles=known) != []


def test_the_plain_permit_says_nothing_that_was_not_filled_in() -> None:
    provision = consent_of(permit("p1", "hospital", "TREAT", "2026-09-02"), "c1", "clinic", NOON)["provision"]
    assert set(provision) == {"type", "period", "actor", "purpose"}
    assert provision["period"] == {"start": "2026-09-02"}
    assert [actor["reference"]["reference"] for actor in provision["actor"]] == ["Organization/hospital"]


@pytest.mark.parametrize("concern", Concern)
def test_each_kind_of_consent_is_told_by_its_category(concern: Concern) -> None:
    made = consent_of(Form("p1", Clause("deny"), concern), "c1", "clinic", NOON)
    assert concern_of(made) is concern
    assert admit(made, NOON) == check(made) == []


def test_whoever_consents_for_the_patient_is_named() -> None:
    made = consent_of(Form("p1", Clause(), performer="RelatedPerson/mother"), "c1", "clinic", NOON)
    assert made["performer"] == [{"reference": "RelatedPerson/mother"}]
    assert made["patient"] == {"reference": "Patient/p1"}
