"""What was said in a session: beside the draft for who holds the scope, and for nobody else."""

from __future__ import annotations

import pytest

from tests.api.apart.people import token
from tests.house import PASSWORD, House

WORDS = "Spoken words of a1."


@pytest.mark.spec("X-084")
def test_a_reviewer_with_the_scope_reads_the_words_beside_the_sentence(house: House) -> None:
    draft = house.draft()
    reviewer = token(house, "hearing", "review", "transcripts")
    assert WORDS in house.get(f"/reviews/{draft}", reviewer).text


@pytest.mark.spec("X-084")
def test_a_reviewer_without_it_sees_who_spoke_when_but_no_word(house: House) -> None:
    draft = house.draft()
    reviewer = token(house, "deaf", "review", "consent", "lineage", "audit", "user/*.cruds")
    view = house.get(f"/reviews/{draft}", reviewer)
    line = view.json()["statements"][0]["evidence"][0]
    assert (line["segmentId"], line["speaker"], line["text"]) == ("a1", "PATIENT_0", None)
    assert "Spoken words" not in view.text


@pytest.mark.spec("X-084")
def test_the_page_of_such_a_reviewer_shows_no_word_either(house: House) -> None:
    draft = house.draft()
    shown = {}
    for login, scopes in (("hearing", ("review", "transcripts")), ("deaf", ("review",))):
        token(house, login, *scopes)
        form = {"login": login, "password": PASSWORD}
        house.http.post("/pages/sign-in", data=form, headers={"Origin": "https://gateway.example"})
        shown[login] = house.http.get(f"/pages/reviews/{draft}").text
        house.http.cookies.clear()
    assert WORDS in shown["hearing"]
    assert "not set up to read what was said" in shown["deaf"]
    assert "Spoken words" not in shown["deaf"]


@pytest.mark.spec("X-084")
def test_the_lineage_names_the_segments_and_quotes_none_whatever_the_scopes(house: House) -> None:
    ids = house.approve(house.draft())
    told = house.get(f"/lineage/Composition/{ids['Composition']}", house.clinician)
    assert told.json()["statements"][0]["evidence"][0]["segmentId"] == "a1"
    assert "Spoken words" not in told.text
