"""Links between entries lead to what the entries became, wherever FHIR has them, and nothing else is touched."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from gateway.fhir.transaction.links import Names, links, rewrite, root_of

ANN = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f01"
OID = "urn:oid:1.2.3.4"
THERE = "https://there.example/fhir/Observation/7"
NAMES = Names(
    {ANN: "Patient/new", OID: "Device/new", THERE: "Observation/new"},
    {"Practitioner?identifier=a|b": "Practitioner/found"},
    {"Patient/new": "1", "Observation/new": "4"}.get,
)


def rewritten(resource: dict[str, Any], names: Names = NAMES, root: str | None = None) -> dict[str, Any]:
    mine = copy.deepcopy(resource)
    rewrite(links(mine), names, root)
    return mine


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **elements}


def div(inner: str) -> dict[str, Any]:
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}
    return observation(text=text)


@pytest.mark.spec("F-163")
def test_references_are_rewritten_however_deep_they_are() -> None:
    whole = observation(
        subject={"reference": ANN, "display": "Ann"},
        hasMember=[{"reference": THERE}, {"reference": "Observation/old"}],
        component=[{"code": {"text": "y"}, "extension": [{"url": "u", "valueReference": {"reference": OID}}]}],
        contained=[{"resourceType": "Encounter", "id": "e", "subject": {"reference": ANN}}],
        _issued={"extension": [{"url": "u", "valueReference": {"reference": ANN}}]},
        performer=[{"identifier": {"system": "s", "assigner": {"reference": OID}}}],
    )
    made = rewritten(whole)
    assert made["subject"] == {"reference": "Patient/new", "display": "Ann"}
    assert made["hasMember"] == [{"reference": "Observation/new"}, {"reference": "Observation/old"}]
    assert made["component"][0]["extension"][0]["valueReference"]["reference"] == "Device/new"
    assert made["contained"][0]["subject"]["reference"] == "Patient/new"
    assert made["_issued"]["extension"][0]["valueReference"]["reference"] == "Patient/new"
    assert made["performer"][0]["identifier"]["assigner"]["reference"] == "Device/new"


@pytest.mark.spec("F-163")
def test_whole_uris_are_rewritten_and_canonicals_and_texts_are_not() -> None:
    made = rewritten(
        {
            "resourceType": "Communication",
            "meta": {"profile": [ANN], "source": ANN},
            "status": "completed",
            "instantiatesUri": [ANN, "x", f"{ANN}0"],
            "instantiatesCanonical": [ANN],
            "payload": [{"contentString": ANN}, {"contentAttachment": {"url": OID, "title": OID}}],
            "note": [{"text": ANN}],
        }
    )
    assert made["meta"] == {"profile": [ANN], "source": "Patient/new"}
    assert made["instantiatesUri"] == ["Patient/new", "x", f"{ANN}0"]
    assert made["instantiatesCanonical"] == [ANN]
    assert made["payload"] == [{"contentString": ANN}, {"contentAttachment": {"url": "Device/new", "title": OID}}]
    assert made["note"] == [{"text": ANN}]


@pytest.mark.spec("F-163")
def test_links_and_images_of_a_narrative_are_rewritten_and_its_words_are_not() -> None:
    made = rewritten(
        div(
            f'<p>{ANN} href="{ANN}"</p><a name="n" href="{ANN}">{ANN}</a><a href=\'{OID}\'>o</a>'
            f'<img alt="{ANN}" src="{OID}"/><q cite="{ANN}">q</q><a href="{ANN}#x">f</a><a title=\'href="{ANN}"\'>t</a>'
        )
    )
    assert made["text"]["div"] == (
        f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{ANN} href="{ANN}"</p><a name="n" href="Patient/new">{ANN}</a>'
        f'<a href="Device/new">o</a><img alt="{ANN}" src="Device/new"/><q cite="{ANN}">q</q><a href="{ANN}#x">f</a>'
        f"<a title='href=\"{ANN}\"'>t</a></div>"
    )


@pytest.mark.spec("F-163")
def test_a_version_specific_link_stays_version_specific() -> None:
    made = rewritten(
        observation(subject={"reference": f"{ANN}/_history/9"}, focus=[{"reference": f"{THERE}/_history/a"}])
    )
    assert made["subject"]["reference"] == "Patient/new/_history/1"
    assert made["focus"][0]["reference"] == "Observation/new/_history/4"


@pytest.mark.spec("F-163")
def test_a_relative_reference_is_read_under_the_server_of_its_entry() -> None:
    whole = observation(hasMember=[{"reference": "Observation/7"}, {"reference": "Observation/7/_history/2"}])
    here = rewritten(whole, root=root_of("https://there.example/fhir/Observation/8"))
    assert [one["reference"] for one in here["hasMember"]] == ["Observation/new", "Observation/new/_history/4"]
    for elsewhere in (ANN, None, "https://other.example/fhir/Observation/8"):
        assert rewritten(whole, root=root_of(elsewhere)) == whole


@pytest.mark.spec("F-164")
def test_conditional_references_are_told_with_their_places_and_rewritten() -> None:
    whole = observation(performer=[{"reference": "Practitioner?identifier=a|b"}, {"reference": "Practitioner/b"}])
    found = links(whole)
    assert [(link.path, link.text) for link in found if link.is_conditional] == [
        ("Observation.performer[0]", "Practitioner?identifier=a|b")
    ]
    rewrite(found, NAMES, None)
    assert whole["performer"][0]["reference"] == "Practitioner/found"


def test_rewriting_again_begins_from_what_was_there_at_first() -> None:
    whole = observation(subject={"reference": ANN})
    found = links(whole)
    for id in ("first", "second"):
        rewrite(found, Names({ANN: f"Patient/{id}"}), None)
        assert whole["subject"]["reference"] == f"Patient/{id}"


def test_what_is_no_resource_has_no_links() -> None:
    broken: list[dict[str, Any]] = [
        {},
        {"resourceType": "X"},
        {"resourceType": []},
        {"resourceType": "Patient", "contact": [1]},
    ]
    assert [links(each) for each in broken] == [[]] * 4


@pytest.mark.spec("F-163")
@pytest.mark.parametrize("inner", ["<a " * 60_000, "<a href='" * 30_000, '<a x="' * 40_000, "<a " + "href=" * 40_000])
def test_a_hostile_narrative_costs_no_more_than_a_sound_one(inner: str) -> None:
    began = time.process_time()
    rewritten(div(inner))
    assert time.process_time() - began < 2


@pytest.mark.spec("F-163")
def test_the_time_of_rewriting_grows_with_the_entries_and_not_with_their_square() -> None:
    def cost(count: int) -> float:
        names = Names({f"urn:uuid:{number}": f"Patient/{number}" for number in range(count)})
        found = [links(observation(subject={"reference": f"urn:uuid:{number}"})) for number in range(count)]
        began = time.process_time()
        for one in found:
            rewrite(one, names, None)
        return time.process_time() - began

    assert min(cost(8000) for _ in range(3)) < 20 * max(min(cost(1000) for _ in range(3)), 0.001)
