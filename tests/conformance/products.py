"""Every good example of every mapping, handed in: the draft its reviewer is shown, and what its approval publishes."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.rules.codes import AI_INPUTS
from gateway.usecases import drafts
from tests.conformance.road import Emitted, asked
from tests.house import House
from tests.of_mappings import context_of, draft_of, good

CHAI = """<AppliedModelCard xmlns="https://mc.chai.org/v0.1/schema.xsd">
<BasicInfo><ModelName>Calm Notes</ModelName></BasicInfo></AppliedModelCard>"""
CARDS = ({"dsi": {"developer": "Example Ltd, care@example.org", "risks": "May miss irony."}}, {"chai": CHAI})


def examples(house: House) -> Iterator[Emitted]:
    """Each drafted and approved; those of transcripts alone make no draft."""
    for mapping in sorted(house.world.services.catalogue):
        for name, parts in good(mapping).items():
            context = context_of(house, name, several="/couple" in name)
            if draft := draft_of(house, mapping, context, parts):
                yield from made_of(house, draft, name)


def made_of(house: House, draft: str, name: str) -> Iterator[Emitted]:
    """What a draft holds, and what becomes of it."""
    shown = drafts.view(house.world.services, house.world.reviewer, draft).revision.resources
    yield from (Emitted(f"a draft of {name}", dict(each)) for each in shown)
    answer = house.step(draft, "approval")
    assert answer.status_code == 200, answer.text
    for reference in answer.json()["published"]:
        read = house.get(f"/fhir/{reference}", house.own_ehr).json()
        yield Emitted(f"GET {reference} of {name}", read)


def cards(house: House) -> Iterator[Emitted]:
    """A note whose model has a card in one of its other forms, with all Devices, cards and prompts."""
    for number, card in enumerate(CARDS):
        context = context_of(house, f"card {number}") | {"modelCard": card}
        parts = good("gateway")["gateway/minimal"]
        yield from made_of(house, str(draft_of(house, "gateway", context, parts)), f"card {number}")
    yield from asked(house, house.own_ehr, "Device?_count=100", f"DocumentReference?type={AI_INPUTS}|&_count=100")
