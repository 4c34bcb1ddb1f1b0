"""Which elements a Consent may hold here, and which values: those that the gateway enforces, and no others.

The Basic, Intermediate and Advanced profiles of IHE Privacy Consent on FHIR, and beyond them `action`, `class`, `code`
and provisions in provisions, which https://hl7.org/fhir/R4/consent.html has. Where from: https://profiles.ihe.net/ITI/PCF/
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from gateway.errors import Issue
from gateway.fhir.labels import ACT_CODE_SYSTEM, CONFIDENTIALITY_ORDER, CONFIDENTIALITY_SYSTEM
from gateway.fhir.search.table import TYPES
from gateway.rules import purposes
from gateway.rules.consent_codes import (
    ACTION_SYSTEM,
    CATEGORY,
    CONCERNS,
    POLICIES,
    RECIPIENT,
    ROLE_SYSTEM,
    SCOPE,
    SCOPE_SYSTEM,
    TYPE_SYSTEM,
    Concern,
)
from gateway.rules.consent_pattern import (
    Pattern,
    anything,
    coding,
    concept,
    date,
    each,
    members,
    one_of,
    period,
    reference,
    text,
)
from gateway.rules.sensitivity import NAMEABLE, REDACT

DEEPEST = 5  # provisions below the root
RECIPIENTS = frozenset(("Organization", "Practitioner", "PractitionerRole", "CareTeam", "Group", "Device", "Patient"))
AUTHORS = RECIPIENTS | {"RelatedPerson"}
MEANINGS: Mapping[str, Container[str]] = {
    **dict.fromkeys(("instance", "related", "dependents"), frozenset(TYPES) - {"AuditEvent", "Consent"}),
    "authoredby": AUTHORS,
}
READING = frozenset({"access", "use", "disclose"})
_ACTIONS: Mapping[Concern, Container[str]] = {
    Concern.DISCLOSURE: READING | {"correct"},
    Concern.REDISCLOSURE: READING | {"correct"},
    Concern.AI_PROCESSING: frozenset({"collect", "use"}),
}

_POLICY = "The base policy is one under which silence means no, as policy.uri names it."
_NARRATIVE = "A text may say no more than the elements do."
_SOURCE = "The source is a form that was filled in: a DocumentReference or a QuestionnaireResponse."
_LABEL = (
    "A label here is a confidentiality, or a sensitivity, privacy law or REDACT of v3-ActCode; the sensitivities of "
    "v3-Confidentiality are retired."
)
_TARGET = "Content of the record, or for authoredby its author; a Consent is opened by its own permit only."
_ACTION = "Reading is access, use and disclose; collecting is what consents of the kind ai-processing are about."
_INSTEAD = {
    "policyRule": _POLICY,
    "verification": "Who recorded a consent is told by its Provenance.",
    "contained": "Refer to what is kept here: nothing can be held to what only this Consent knows.",
    "modifierExtension": "What changes the meaning of a Consent cannot be enforced.",
}
_ROLE = concept(coding({ROLE_SYSTEM: {RECIPIENT}}, "The gateway knows recipients only."))


def _data(value: Any, path: str) -> Iterator[Issue]:
    faults = list(members({"meaning": one_of(MEANINGS), "reference": anything})(value, path))
    if not faults:
        faults += reference(MEANINGS[value["meaning"]], _TARGET)(value["reference"], f"{path}.reference")
    yield from faults


def _code(value: Any, path: str) -> Iterator[Issue]:
    """Any code of any system: it is compared with those in the content."""
    return members({"system": text, "code": text, "display?": text})(value, path)


_WHO: Mapping[str, Pattern] = {
    "actor?": each(members({"role": _ROLE, "reference": reference(RECIPIENTS, "No recipient the gateway can know.")})),
    "purpose?": each(coding({purposes.SYSTEM: purposes.PURPOSES}, "This is no purpose of use of v3-ActReason.")),
    "period?": period,
}
_WHAT: Mapping[str, Pattern] = {
    "securityLabel?": each(
        coding(
            {
                CONFIDENTIALITY_SYSTEM: frozenset(CONFIDENTIALITY_ORDER),
                ACT_CODE_SYSTEM: NAMEABLE | {REDACT},
            },
            _LABEL,
        )
    ),
    "class?": each(coding({TYPE_SYSTEM: frozenset(TYPES) - {"AuditEvent"}}, "A class here is a type of resource.")),
    "code?": each(concept(_code)),
    "dataPeriod?": period,
    "data?": each(_data),
}


def provision(concern: Concern, depth: int = 0) -> Pattern:
    """A provision of a consent about this; what an AI may process is not told apart by content."""
    about_content = concern is not Concern.AI_PROCESSING
    known: dict[str, Pattern] = {"id?": text, "type": one_of({"permit", "deny"}), **_WHO}
    known["action?"] = each(concept(coding({ACTION_SYSTEM: _ACTIONS[concern]}, _ACTION)))
    hints = {name.rstrip("?"): "What an AI may process is not told apart by content." for name in _WHAT}
    if about_content:
        known, hints = {**known, **_WHAT}, {}
    if depth < DEEPEST:
        known["provision?"] = each(lambda value, path: provision(concern, depth + 1)(value, path))
    return members(known, {**hints, "provision": f"Provisions are nested {DEEPEST} deep at the most."})


def _by_system(*codes: tuple[str, str]) -> dict[str, set[str]]:
    return {system: {code for of, code in codes if of == system} for system, _ in codes}


_ATTACHMENT: Mapping[str, Pattern] = {
    **dict.fromkeys(("contentType?", "language?", "size?", "hash?"), anything),
    **dict.fromkeys(("title?", "data?", "url?"), text),
    "creation?": date,
}
_CATEGORY = "A category here is LOINC 59284-0, IDSCL, IRDSCL, or ai-processing of the gateway's own."
CATEGORIES = each(concept(coding(_by_system(CATEGORY, *CONCERNS), _CATEGORY)))
# All but the provision, which is told apart by what the consent is about.
CONSENT = members(
    {
        "resourceType": one_of({"Consent"}),
        "id?": text,
        "meta?": anything,
        "language?": text,
        "text?": members({"status": one_of({"generated", "empty"}, _NARRATIVE), "div": text}),
        "identifier?": each(members({"system?": text, "value": text, "use?": text, "type?": anything})),
        "status": one_of({"active", "inactive", "entered-in-error"}, "A Consent is kept here once it is given."),
        "scope": concept(coding({SCOPE_SYSTEM: {SCOPE}})),
        "category": CATEGORIES,
        "patient": reference({"Patient"}),
        "dateTime": date,
        "performer": each(reference({"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization"})),
        "organization": each(reference({"Organization"})),
        "sourceAttachment?": members(_ATTACHMENT),
        "sourceReference?": reference({"DocumentReference", "QuestionnaireResponse"}, _SOURCE),
        "policy": each(members({"uri": one_of(POLICIES, _POLICY)})),
        "provision": anything,
    },
    _INSTEAD,
)
