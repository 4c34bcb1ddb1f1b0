"""The gateway's own format: every product becomes what its README says, and a score that does not fit is told."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gateway.fhir.check import check
from gateway.fhir.profiles import load as load_profiles
from gateway.mapping.catalogue import load
from gateway.mapping.examples import Example, examples_of
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.model import Mapped
from gateway.rules.attribution import Attribution
from gateway.rules.basis import Approval, Basis
from gateway.rules.entries import VOICES, Mark, entry
from gateway.rules.entry_made import made, references_of
from gateway.rules.provenance import Act
from tests.world import SHARED

MAPPINGS = Path(__file__).parents[2] / "mappings"
FOLDER = MAPPINGS / "gateway"
EXAMPLES = {example.name: example for example in examples_of(FOLDER)}
GOOD = [example for example in EXAMPLES.values() if example.refused is None]
SESSION = {"id": "s", "start": "2026-09-01T09:00:00Z"}
AT = datetime(2026, 9, 1, 12, tzinfo=UTC)

# Instrument: LOINC panel, total, how many items, how many points at most for one.
SCALES = {
    "PHQ-2": ("55757-9", "55758-7", 2, 3),
    "PHQ-9": ("44249-1", "44261-6", 9, 3),
    "PHQ-A": ("89206-7", "89204-2", 9, 3),
    "GAD-7": ("69737-5", "70274-6", 7, 3),
    "PCL-5": ("101697-1", "101698-9", 20, 4),
}


MAPPING = load(MAPPINGS)["gateway"]


def of_example(name: str) -> Mapped:
    return MAPPING.apply(MAPPING.read(EXAMPLES[name].parts).inputs, SESSION)


def of_products(**products: Any) -> Mapped:
    return MAPPING.apply({"products": products}, SESSION)


def refusals(**products: Any) -> list[tuple[str | None, str]]:
    try:
        of_products(**products)
    except MappingRefusal as refusal:
        return [(issue.expression, issue.code) for issue in refusal.issues]
    return []


def by_type(mapped: Mapped, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in mapped.resources if resource["resourceType"] == kind]


def approved(mapped: Mapped) -> list[dict[str, Any]]:
    """Its entries as an approval publishes them."""
    marks = [
        [Mark(one.path, one.segments, VOICES[one.by]) for one in mapped.statements if one.resource == number]
        for number in range(len(mapped.resources))
    ]
    entries = [
        entry(number, resource, head.name, VOICES[head.by], marks[number])
        for number, (resource, head) in enumerate(zip(mapped.resources, mapped.heads, strict=True))
        if resource["resourceType"] != "Composition"
    ]
    basis = Basis("d", "s", "p", Attribution("o", "m", app_id="a"), SESSION["start"], clinician="Practitioner/c")
    act = Act(basis, 1, AT, approval=Approval("c", AT))
    ids = {each.name: f"{each.type}/{each.id}" for each in entries if each.name}
    return [made(each, act, each.id, references_of(act, ids)) for each in entries]


def form(instrument: str, answers: list[int], **more: Any) -> dict[str, Any]:
    items = [{"number": number, "answer": answer} for number, answer in enumerate(answers, 1)]
    return {"instrument": instrument, "at": SESSION["start"], "items": items, **more}


@some.composite
def filled(draw: some.DrawFn) -> tuple[str, list[int]]:
    instrument = draw(some.sampled_from(sorted(SCALES)))
    _, _, count, most = SCALES[instrument]
    return instrument, draw(some.lists(some.integers(0, most), min_size=count, max_size=count))


def test_each_product_becomes_its_resources() -> None:
    kinds = [resource["resourceType"] for resource in of_example("full").resources]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "Composition": 1,
        "CarePlan": 1,
        "Goal": 2,
        "CareTeam": 1,
        "Task": 2,
        "QuestionnaireResponse": 6,
        "Observation": 7,
        "DocumentReference": 2,
        "RiskAssessment": 2,
        "Communication": 1,
    }


@pytest.mark.parametrize("version", ["6.1.0", "7.0.0", "8.0.0"])
def test_what_is_published_is_valid_by_us_core(version: str, tmp_path: Path) -> None:
    package = SHARED / "packages" / f"hl7.fhir.us.core-{version}.tgz"
    if not package.exists():
        pytest.skip(f"{package} is not here")
    (tmp_path / package.name).symlink_to(package)
    profiles = load_profiles(tmp_path)
    for example in GOOD:
        for resource in approved(of_example(example.name)):
            assert [profile for profile in resource["meta"].get("profile", []) if profile not in profiles.urls] == []
            assert (example.name, check(resource, profiles=profiles)) == (example.name, [])


def test_what_is_the_patients_is_never_told_to_be_a_machines() -> None:
    published = {resource["id"]: resource for resource in approved(of_example("full"))}
    for number, head in enumerate(of_example("full").heads):
        if head.by != "patient":
            continue
        codes = {coding["code"] for coding in published[f"e{number}"]["meta"]["security"]}
        assert "PATAST" in codes
        assert ("AIAST" in codes) == ("PROCESSINLINELABEL" in codes), "a machine's part is found, and told apart"


def test_what_a_machine_made_of_a_mood_is_labelled_at_its_place_only() -> None:
    (mood,) = approved(of_example("mood"))
    codes = {coding["code"] for coding in mood["meta"]["security"]}
    assert {"PATAST", "AIAST", "PROCESSINLINELABEL"} <= codes
    labelled = [part["code"]["text"] for part in mood["component"] if "AIAST" in json.dumps(part, default=str)]
    assert labelled == ["Inferred"]
    assert mood["performer"] == [{"reference": "Patient/p"}]


@settings(max_examples=30)
@given(filled())
def test_answers_are_added_up_and_derived_from(given: tuple[str, list[int]]) -> None:
    instrument, answers = given
    panel, total, _, _ = SCALES[instrument]
    for products in (form(instrument, answers), form(instrument, answers, total=sum(answers))):
        answered, score = of_products(questionnaires=[products]).resources
        assert answered["questionnaire"] == f"http://loinc.org/q/{panel}"
        assert score["code"]["coding"][0]["code"] == total
        assert score["valueQuantity"]["value"] == sum(answers)
        assert score["derivedFrom"] == [{"reference": "local:answers #0"}]


@settings(max_examples=30)
@given(filled(), some.integers(-3, 3))
def test_a_total_that_is_not_the_sum_is_told_by_its_place(given: tuple[str, list[int]], off: int) -> None:
    instrument, answers = given
    _, _, count, most = SCALES[instrument]
    total = sum(answers) + off
    if not 0 <= total <= count * most:
        return
    wanted = [("products.questionnaires[0].total", "invariant")] if off else []
    assert refusals(questionnaires=[form(instrument, answers, total=total)]) == wanted


@pytest.mark.parametrize("total, fits", [(4, False), (5, True), (11, True)])
def test_while_not_all_is_answered_a_total_is_at_least_the_sum(total: int, fits: bool) -> None:
    assert (refusals(questionnaires=[form("PHQ-9", [2, 3], total=total)]) == []) is fits


def test_while_not_all_is_answered_nothing_is_added_up() -> None:
    assert [each["resourceType"] for each in of_products(questionnaires=[form("GAD-7", [1, 1])]).resources] == [
        "QuestionnaireResponse"
    ]


def test_item_nine_keeps_its_code_and_its_points() -> None:
    answered, _ = of_example("phq-9").resources
    nine = next(item for item in answered["item"] if item["linkId"] == "/44260-8")
    (answer,) = nine["answer"]
    assert answer["valueCoding"]["code"] == "LA6569-3"
    assert answer["valueCoding"]["extension"][0]["valueDecimal"] == 1


@pytest.mark.parametrize(
    ("yes", "least"),
    [
        ([1], "low"),
        ([1, 2], "low"),
        ([3], "moderate"),
        ([6], "moderate"),
        ([4], "high"),
        ([5], "high"),
        ([6, 7], "high"),
    ],
)
def test_a_risk_level_is_no_lower_than_the_screener_gives(yes: list[int], least: str) -> None:
    levels = ["low", "moderate", "high"]
    items = [{"number": number, "answer": number in yes} for number in range(1, 8)]
    for level in levels:
        screener = {"instrument": "C-SSRS", "at": SESSION["start"], "items": items, "riskLevel": level}
        fits = levels.index(level) >= levels.index(least)
        assert refusals(questionnaires=[screener]) == (
            [] if fits else [("products.questionnaires[0].riskLevel", "invariant")]
        )


def test_homework_belongs_to_the_plan_and_its_result_to_the_homework() -> None:
    mapped = of_example("full")
    plan, task = by_type(mapped, "CarePlan")[0], by_type(mapped, "Task")[0]
    assert [activity["reference"] for activity in plan["activity"][:2]] == [
        {"reference": "local:homework-thoughts"},
        {"reference": "local:homework #1"},
    ]
    assert task["basedOn"] == [{"reference": "local:care-plan"}]
    assert [output["valueReference"] for output in task["output"]] == [{"reference": "local:result #0"}]
    assert {"reference": "local:goal-speak"} in [each.get("valueReference") for each in task["extension"]]


def test_a_result_of_earlier_homework_names_it_by_its_identifier() -> None:
    (answered,) = of_example("homework-result").resources
    assert answered["item"][0]["answer"][0]["valueReference"]["identifier"]["value"] == "77"


@pytest.mark.parametrize(
    ("by", "title", "kind"),
    [
        ({}, "In the patient's own words", "51855-5"),
        ({"by": "patient"}, "In the patient's own words", "51855-5"),
        ({"by": "clinician"}, "In the words of the clinician", "34109-9"),
        ({"by": "machine"}, "As a machine tells it", "34109-9"),
    ],
)
def test_nobodys_words_are_said_to_be_the_patients_but_the_patients(by: dict[str, str], title: str, kind: str) -> None:
    result = {"title": "Diary", "completed": "2026-09-08T07:30:00Z", "text": "Slept well."} | by
    entry = {"at": "2026-09-08T07:30:00Z", "text": "Slept well."} | by
    answered, written = of_products(homeworkResults=[result], journal=[entry]).resources
    assert answered["item"][1]["text"] == title
    assert written["type"]["coding"][0]["code"] == kind


def test_a_probability_is_written_as_a_percentage() -> None:
    (risk,) = by_type(of_example("risk"), "RiskAssessment")
    assert risk["prediction"][0]["probabilityDecimal"] == 35


def test_the_transcript_is_kept_apart() -> None:
    mapped = of_example("transcript-only")
    assert (mapped.resources, [segment.id for segment in mapped.transcript]) == ([], ["1", "2"])


@pytest.mark.parametrize("example", GOOD, ids=lambda example: example.name)
def test_every_local_reference_of_an_example_is_met(example: Example) -> None:
    assert "local:" not in json.dumps(approved(of_example(example.name)), default=str)


def test_markup_quotes_and_template_signs_stay_text() -> None:
    note, journal = of_example("html-and-quotes").resources
    assert "“I’m &lt;b&gt;fine&lt;/b&gt;” — {{ and }} left it there." in json.dumps(note, ensure_ascii=False)
    text = base64.b64decode(journal["content"][0]["attachment"]["data"]).decode()
    assert text == "<script>alert(1)</script> isn’t {% me %}"


def test_every_member_of_the_format_is_described() -> None:
    schema = json.loads((FOLDER / "input.schema.json").read_text())
    undescribed = [*_undescribed(schema, schema)]
    assert undescribed == []


def _undescribed(schema: dict[str, Any], node: Any) -> list[str]:
    """The members without a title, of their own or of the definition they refer to; conditions describe nothing."""
    if not isinstance(node, dict):
        return []
    found = []
    for name, member in node.get("properties", {}).items():
        target = schema["$defs"][member["$ref"].rpartition("/")[2]] if "$ref" in member else member
        found += [name] if not {"title", "description"} & (member.keys() | target.keys()) else []
        found += _undescribed(schema, member)
    conditions = {step["$ref"].rpartition("/")[2] for each in _conditions(schema) for step in each.values()}
    for name, definition in node.get("$defs", {}).items():
        found += _undescribed(schema, definition) if name not in conditions else []
    return found + _undescribed(schema, node.get("items"))


def _conditions(schema: dict[str, Any]) -> list[dict[str, dict[str, str]]]:
    return list(schema["$defs"]["questionnaire"]["allOf"])
