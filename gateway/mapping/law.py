"""What no template may write: ids, labels, attribution, raw XHTML and final status are the gateway's alone."""

from __future__ import annotations

from typing import Any

from gateway.mapping.functions import Narrative

GATEWAY_ONLY = {
    "id": "ids are given by the gateway",
    "meta": "labels and versions are given by the gateway",
    "div": "XHTML is made by narrative() only, so that a payload's text can never become markup",
    **dict.fromkeys(("subject", "patient"), "whose record it is, the gateway knows"),
    **dict.fromkeys(
        ("author", "attester", "authenticator", "custodian"), "who wrote, holds and answers for it, the gateway knows"
    ),
    **dict.fromkeys(
        ("performer", "requester", "owner", "for", "source", "sender", "recipient"),
        "who does, asks, sends and receives, the gateway knows",
    ),
}
# Elements that tell how settled a resource is, and what an unreviewed one may say there. (`not-started` is an
# activity of a plan.)
UNSETTLED = {
    "status": frozenset({"preliminary", "draft", "proposed", "in-progress", "preparation", "not-started"}),
    "docStatus": frozenset({"preliminary"}),
    "lifecycleStatus": frozenset({"proposed"}),
}
FORBIDDEN_TYPES = frozenset({"Provenance", "AuditEvent", "Consent"})


def breach(key: str, value: Any) -> str | None:
    """Why this member may not be written, or None. `value` is what the template or the payload has there."""
    name = key.removeprefix("_")
    if name in GATEWAY_ONLY:
        return GATEWAY_ONLY[name]
    if name in UNSETTLED and (key != name or not isinstance(value, str) or value not in UNSETTLED[name]):
        return f"{name} must be written out as {' or '.join(sorted(UNSETTLED[name]))}: only a review settles it"
    if name == "resourceType" and (not isinstance(value, str) or "{" in value):
        return "the resource type must be written out"
    if name == "resourceType" and value in FORBIDDEN_TYPES:
        return f"{value} resources are made by the gateway only"
    return None


def breach_within(value: Any) -> str | None:
    """The first breach anywhere in a value that came from outside the template."""
    if isinstance(value, Narrative):
        return None
    if isinstance(value, dict):
        if "reference" in value:
            return "whom or what a reference means, the gateway knows"
        own = (breach(key, item) for key, item in value.items())
        below = (breach_within(item) for item in value.values())
        return next((reason for reason in (*own, *below) if reason), None)
    if isinstance(value, list):
        return next((reason for item in value if (reason := breach_within(item))), None)
    return None
