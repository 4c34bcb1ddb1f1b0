"""What a scope means, and what is granted of a request."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.restrictions import EVERYTHING, Restriction
from gateway.rules.scopes import (
    LETTERS,
    OWN,
    ScopeFault,
    access,
    allows,
    allows_interaction,
    grant,
    normalise,
    parse,
    reading,
)

TYPES = frozenset({"Patient", "Observation", "Condition", "DocumentReference"})
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LABORATORY = f"system/Observation.rs?category={CATEGORY}|laboratory"


def observation(code: str) -> dict[str, object]:
    return {"resourceType": "Observation", "category": [{"coding": [{"system": CATEGORY, "code": code}]}]}


@pytest.mark.spec("S-020")
@pytest.mark.parametrize("text", ["patient/Patient.rs", "user/*.cruds", "system/Observation.c", LABORATORY])
def test_a_scope_of_the_grammar_is_read_and_written_back(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.spec("S-020", "S-022")
@pytest.mark.parametrize(
    "text",
    [
        "system/Patient.sr",
        "system/Patient.dc",
        "system/Patient.rr",
        "system/Patient.",
        "system/Patient",
        "system/patient.rs",
        "System/Patient.rs",
        "launch/Patient.rs",
        "system/*Patient.rs",
        "system/Patient.rs?",
        "system/Patient.rs ",
        "system/Patient.x",
        "openid",
        "",
    ],
)
def test_what_is_not_of_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ScopeFault):
        parse(text)


@pytest.mark.spec("S-021")
@pytest.mark.parametrize(("verb", "letters"), [("read", "rs"), ("write", "cud"), ("*", "cruds")])
def test_a_version_1_verb_is_read_as_its_letters(verb: str, letters: str) -> None:
    assert str(parse(f"system/Patient.{verb}")) == f"system/Patient.{letters}"


@pytest.mark.spec("S-023")
@pytest.mark.parametrize(
    ("interaction", "letter"),
    [
        ("read", "r"),
        ("vread", "r"),
        ("history-instance", "r"),
        ("search-type", "s"),
        ("history-type", "s"),
        ("history-system", "s"),
    ],
)
def test_reading_and_searching_have_a_letter_each(interaction: str, letter: str) -> None:
    other = {"r": "s", "s": "r"}[letter]
    assert allows_interaction(frozenset({f"system/Patient.{letter}"}), "Patient", interaction)
    assert not allows_interaction(frozenset({f"system/Patient.{other}"}), "Patient", interaction)


@pytest.mark.spec("S-031")
@pytest.mark.parametrize(("plain", "verb"), [("create", "c"), ("update", "u"), ("patch", "u"), ("delete", "d")])
def test_a_conditional_write_needs_reading_and_searching_too(plain: str, verb: str) -> None:
    only_verb = frozenset({f"system/Patient.{verb}"})
    assert allows_interaction(only_verb, "Patient", plain)
    assert not allows_interaction(only_verb, "Patient", f"conditional-{plain}")
    assert allows_interaction(only_verb | {"system/Patient.crs"}, "Patient", f"conditional-{plain}")


@pytest.mark.spec("S-031")
def test_a_conditional_update_may_create_and_needs_that_letter_too() -> None:
    assert not allows_interaction(frozenset({"system/Patient.rus"}), "Patient", "conditional-update")


def test_each_interaction_needs_known_letters() -> None:
    assert all(set(letters) <= set("cruds") for letters in LETTERS.values())


@pytest.mark.spec("S-025")
def test_a_granular_scope_allows_only_what_matches() -> None:
    scopes = frozenset({LABORATORY})
    for letter in "rs":
        assert allows(scopes, "Observation", letter, observation("laboratory"))
        assert not allows(scopes, "Observation", letter, observation("survey"))
        assert not allows(scopes, "Observation", letter, {"resourceType": "Observation"})


@pytest.mark.spec("S-025")
def test_search_is_told_every_restriction_of_which_one_has_to_match() -> None:
    survey = LABORATORY.replace("laboratory", "survey")
    restrictions = access(frozenset({LABORATORY, survey}), "Observation", "s")
    assert [str(one) for one in restrictions] == [f"category={CATEGORY}|{code}" for code in ("laboratory", "survey")]
    assert access(frozenset({LABORATORY, "system/Observation.s"}), "Observation", "s") == (EVERYTHING,)
    assert access(frozenset({LABORATORY}), "Condition", "s") == ()


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("category=laboratory", True),
        ("category=|laboratory", False),
        (f"category={CATEGORY}|laboratory,{CATEGORY}|survey", True),
        (f"category={CATEGORY}|laboratory&_security=R", False),
        ("_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|V", True),
        ("code=1234-5", False),
    ],
)
def test_a_restriction_matches_as_a_token_search_does(query: str, matches: bool) -> None:
    security = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    resource = observation("laboratory") | {"meta": {"security": [security]}}
    assert Restriction.parse(query).matches(resource) is matches


@pytest.mark.spec("S-029")
@pytest.mark.parametrize(
    "query",
    [
        "category:in=x",
        "subject.name=x",
        "_has:Provenance:target:agent=x",
        "date=2026",
        "category=",
        "category=a%7Cb",
        "x",
    ],
)
def test_modifiers_chains_and_unknown_parameters_are_refused(query: str) -> None:
    with pytest.raises(ScopeFault):
        parse(f"system/Observation.rs?{query}")


@pytest.mark.spec("S-030")
def test_versions_and_duplicates_become_one_canonical_set() -> None:
    given_ = ["system/Patient.read", "system/Patient.rs", "system/Patient.r", "system/Patient.c", "review", "review"]
    assert normalise(given_) == {"system/Patient.crs", "review"}
    assert normalise(["system/*.rs", "system/Patient.r", LABORATORY]) == {"system/*.rs"}


_SCOPES = st.builds(
    "{}/{}.{}{}".format,
    st.sampled_from(["patient", "user", "system"]),
    st.sampled_from(["*", "Patient", "Observation"]),
    st.sampled_from(["read", "write", "*", "r", "rs", "cud", "cruds", "s", "c"]),
    st.sampled_from(["", "?category=a|b", "?category=c,a|b", "?code=x&category=a|b"]),
)


@pytest.mark.spec("S-030")
@given(st.lists(_SCOPES | st.sampled_from(sorted(OWN)), max_size=8))
def test_normalising_twice_or_in_another_order_changes_nothing(texts: list[str]) -> None:
    once = normalise(texts)
    assert normalise(once) == once
    assert normalise(reversed(texts)) == once


@pytest.mark.spec("S-030")
@given(st.lists(_SCOPES, max_size=5))
def test_normalising_neither_widens_nor_narrows(texts: list[str]) -> None:
    for type_ in ("Patient", "Observation", "Condition"):
        for letter in "cruds":
            for resource in ({}, {"category": [{"coding": [{"system": "a", "code": "b"}]}], "code": {"coding": []}}):
                direct = any(
                    scope.type in ("*", type_) and letter in scope.letters and scope.restriction.matches(resource)
                    for scope in map(parse, texts)
                )
                assert allows(normalise(texts), type_, letter, resource) is direct


@pytest.mark.spec("S-028")
@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        ("system/*.read", {"system/Patient.rs", "system/Observation.r"}, {"system/Patient.rs", "system/Observation.r"}),
        ("system/Patient.rs", {"system/*.cruds"}, {"system/Patient.rs"}),
        ("system/Patient.rs", {"system/Patient.r"}, {"system/Patient.r"}),
        ("system/Observation.rs", {LABORATORY}, {LABORATORY}),
        (LABORATORY, {"system/*.rs"}, {LABORATORY}),
        ("system/Patient.crs review", {"system/Patient.crus", "review"}, {"system/Patient.crs", "review"}),
        ("system/*.cud", {"system/*.c", "system/*.ud"}, {"system/*.cud"}),
    ],
)
def test_what_is_granted_is_within_request_and_registration(
    requested: str, registered: set[str], granted: set[str]
) -> None:
    assert grant(requested, registered, types=TYPES) == granted


@pytest.mark.spec("S-028")
def test_two_restrictions_must_both_hold() -> None:
    both = grant("system/Observation.rs?code=1", {"system/Observation.rs?category=a|b"}, types=TYPES)
    assert both == {"system/Observation.rs?category=a|b&code=1"}


@pytest.mark.spec("S-091")
@pytest.mark.parametrize(
    "requested",
    [
        "",
        "   ",
        "patient/Patient.rs",
        "user/Patient.rs",
        "system/Nonsense.rs",
        "system/Patient.look",
        "system/Patient.cruds",
        "system/*.*",
        "system/Condition.rs",
        "system/Patient.rs system/Condition.rs",
        "lineage",
        "openid",
        "offline_access",
        'system/Patient.rs"',
    ],
)
def test_a_request_beyond_the_registration_is_refused_whole(requested: str) -> None:
    with pytest.raises(ScopeFault):
        grant(requested, {"system/Patient.rs", "system/Observation.rs", "review"}, types=TYPES)


def test_the_order_of_a_request_does_not_matter() -> None:
    asked = ["system/Patient.read", "system/Observation.r", "review"]
    held = {"system/*.rs", "review"}
    assert len({grant(" ".join(order), held, types=TYPES) for order in permutations(asked)}) == 1


def test_no_client_gets_a_patient_scope_by_itself() -> None:
    with pytest.raises(ScopeFault):
        grant("patient/*.rs", {"patient/*.rs", "system/*.rs"}, types=TYPES)


def test_what_may_be_read_is_what_is_left_for_an_emergency() -> None:
    scopes = frozenset({"review", "user/Patient.cruds", "user/Task.cu", LABORATORY})
    assert reading(scopes) == {"user/Patient.rs", LABORATORY}


def test_the_words_of_a_fault_are_safe_to_repeat() -> None:
    with pytest.raises(ScopeFault) as caught:
        parse('system/"\\ü\n' + "x" * 10_000)
    text = str(caught.value)
    assert len(text) < 300
    assert all(0x20 <= ord(character) <= 0x7E and character not in '"\\' for character in text)
