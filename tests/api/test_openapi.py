"""The checked-in OpenAPI document is the app's."""

from __future__ import annotations

import json

from gateway.api.app import interface
from tests.world import PROJECT


def test_the_document_is_current() -> None:
    document = json.loads((PROJECT / "openapi" / "openapi.json").read_bytes())
    assert document == json.loads(json.dumps(interface())), "run `make openapi` and commit it"


def test_every_typed_endpoint_says_that_it_wants_a_bearer_token() -> None:
    document = interface()
    [(name, scheme)] = document["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    steps = [step for path in document["paths"].values() for step in path.values()]
    assert steps
    assert all(step.get("security") == [{name: []}] for step in steps)
