"""The CapabilityStatement names the profiles that resources made here claim, and no other."""

from __future__ import annotations

import json
from collections import defaultdict

from gateway.rules import balp, balp_decision, balp_parts
from gateway.rules.consent_form import Clause, Form
from gateway.usecases import consent, drafts, review
from gateway.usecases.capability import statement
from tests.world import World


def claimed(world: World) -> dict[str, set[str]]:
    """The profiles of everything that is published, by type."""
    found: dict[str, set[str]] = defaultdict(set)
    with world.services.database.read() as db:
        for (text,) in db.connection.exec_driver_sql("SELECT text FROM resource"):
            resource = json.loads(bytes(text))
            found[resource["resourceType"]] |= set(resource["meta"].get("profile", ()))
    return found


def test_what_is_listed_is_what_is_claimed(world: World) -> None:
    draft = world.draft_of(world.submitted())
    digest = drafts.view(world.services, world.reviewer, draft).draft.digest
    review.approve(world.services, world.reviewer, draft, digest)
    to = (f"Organization/{world.other}",)
    clauses = (Clause(recipients=to), Clause(recipients=to, since="2026"), Clause(recipients=to, labels=("N",)))
    for clause in clauses:
        consent.grant(world.services, world.asked("consent"), Form(world.patient, clause))
    told = statement("https://gateway.example/fhir", (), ())["rest"][0]["resource"]
    listed = {resource["type"]: set(resource.get("supportedProfile", ())) for resource in told}
    assert listed.pop("AuditEvent") == set(balp.PROFILES)
    assert {type: profiles for type, profiles in listed.items() if profiles} == {
        type: profiles for type, profiles in claimed(world).items() if profiles
    }


def test_no_event_claims_a_profile_that_is_not_listed() -> None:
    names = {pattern.profile for pattern in balp.PATTERNS.values()} - {None}
    restful = set(balp.PROFILES) - {balp_decision.PROFILE}
    assert {profile.removeprefix(balp_parts.PROFILE).removeprefix("Patient") for profile in restful} == names
