"""The checked-in OpenAPI document is the app's."""

from __future__ import annotations

import json

from gateway.api.app import interface
from tests.world import PROJECT


def test_the_document_is_current() -> None:
    document = json.loads((PROJECT / "openapi" / "openapi.json").read_bytes())
    assert document == json.loads(json.dumps(interface())), "run `make openapi` and commit it"
