"""The rule against the oracle: over random worlds, both answer alike and name the same provisions."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gateway.rules.consent import Verdict
from tests.rules import consent_worlds
from tests.rules.consent_oracle import Answer, Caller, answer
from tests.rules.consent_oracle_content import World
from tests.rules.deciding import CUSTODIAN, Compiled


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(consent_worlds.worlds(), st.lists(consent_worlds.callers(), min_size=1, max_size=6))
def test_what_is_compiled_decides_as_the_consents_say(world: World, callers: list[Caller]) -> None:
    rules = Compiled(world)
    for caller in callers:
        for resource in world.record.values():
            for subjects in consent_worlds.subjects_of(resource):
                told = rules.decide(caller, resource, subjects)
                event(f"{told.verdict} by {told.basis}{', redacted' if told.redacts else ''}")
                provisions = frozenset((each.consent.split("/")[1], each.path) for each in told.reasons)
                found = Answer(told.permits, told.verdict is Verdict.DENY, told.redacts, provisions)
                assert found == answer(world, caller, resource, subjects, CUSTODIAN), (caller, resource, subjects)
