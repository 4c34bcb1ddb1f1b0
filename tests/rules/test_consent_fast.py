"""A Consent in the words of FAST: the same decision, with an identifier for everybody it names."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.rules.consent_fast import CONTROLLER, MANAGER, PROFILE, fast_of, fits, references_of
from gateway.rules.consent_form import Clause, Form, consent_of

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
BASE = "https://gateway.example/fhir"
NPI = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}
KNOWN = {"Organization/clinic": NPI}
EXCEPT = Clause("deny", ("CareTeam/team",), labels=("PSY",))


def consent(clause: Clause = Clause(recipients=("Practitioner/p",), exceptions=(EXCEPT,))) -> dict[str, Any]:
    return consent_of(Form("p1", clause, source="Paper, folder 7"), "c1", "clinic", NOON)


def told(given: dict[str, Any] | None = None) -> dict[str, Any]:
    return fast_of(given or consent(), KNOWN.get, BASE)


def test_it_is_r4_and_claims_fast_alone() -> None:
    made = told()
    assert check(made) == []
    assert made["meta"]["profile"] == [PROFILE]
    assert made["meta"]["security"] == consent()["meta"]["security"]


def test_the_organization_manages_and_controls_it() -> None:
    made = told()
    assert "organization" not in made
    clinic = {"reference": "Organization/clinic", "identifier": NPI}
    assert made["extension"] == [{"url": url, "valueReference": clinic} for url in (MANAGER, CONTROLLER)]


def test_everybody_is_named_by_an_identifier_of_the_world_or_by_the_address_here() -> None:
    made = told()
    nested = made["provision"]["provision"][0]
    named = [
        made["patient"],
        *made["performer"],
        made["provision"]["actor"][0]["reference"],
        nested["actor"][0]["reference"],
    ]
    for reference in named:
        value = f"{BASE}/{reference['reference']}"
        assert reference["identifier"] == {"system": "urn:ietf:rfc:3986", "value": value}
    assert references_of(consent()) == ("Patient/p1", "Organization/clinic", "Practitioner/p", "CareTeam/team")


def test_the_consent_has_an_identifier_its_own_if_it_has_one() -> None:
    assert told()["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": f"{BASE}/Consent/c1"}]
    own = [{"system": "urn:x", "value": "7"}]
    assert told(consent() | {"identifier": own})["identifier"] == own


def test_the_source_is_a_document_with_content() -> None:
    made = told()
    assert "sourceAttachment" not in made
    assert made["sourceReference"] == {"reference": "#source"}
    attachment = made["contained"][0]["content"][0]["attachment"]
    assert b64decode(attachment["data"]).decode() == "Paper, folder 7"
    kept = {"sourceReference": {"reference": "DocumentReference/d"}}
    without = {name: value for name, value in consent().items() if name != "sourceAttachment"}
    assert told(without | kept)["sourceReference"] == kept["sourceReference"]
    assert "contained" not in told(without | kept)


def test_what_is_permitted_and_denied_is_the_same() -> None:
    def bare(provision: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in provision.items() if name not in ("actor", "provision")}
        return kept | {"provision": [bare(each) for each in provision.get("provision", ())]}

    assert bare(told()["provision"]) == bare(consent()["provision"])


def test_what_fast_has_no_words_for_is_not_told() -> None:
    deep = consent(Clause(exceptions=(Clause("deny", labels=("R",), exceptions=(EXCEPT,)),)))
    for given in (deep, consent() | {"status": "entered-in-error"}):
        assert not fits(given)
        with pytest.raises(ValueError, match="words"):
            told(given)
    assert fits(consent() | {"status": "inactive"})
