"""Schemathesis calls every endpoint of the OpenAPI document, with what it allows and with what it does not: the app
never fails, and answers as the document says.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.api.app import interface
from tests.house import House

pytestmark = pytest.mark.conformance

EXAMPLES = 60
DOCUMENT = schemathesis.openapi.from_dict(interface())
OPERATIONS = {one.label: one for one in (each.ok() for each in DOCUMENT.get_all_operations() if isinstance(each, Ok))}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_answers_as_the_document_says(operation: str, mode: GenerationMode, house: House) -> None:
    statuses = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[operation].as_strategy(generation_mode=mode))
    def call(case: Case[Any]) -> None:
        sent = case.as_transport_kwargs(base_url=str(house.http.base_url).rstrip("/"))
        sent["headers"]["Authorization"] = f"Bearer {token_for(operation, house)}"
        request = house.http.build_request(**{name: value for name, value in sent.items() if value is not None})
        request.read()
        response = house.http.send(request)
        statuses.add(response.status_code)
        case.validate_response(schemathesis.Response.from_any(response), checks=CHECKS)

    call()
    assert statuses


def token_for(operation: str, house: House) -> str:
    """Of whoever may call it: the scribe submits, the clinician does the rest."""
    return house.scribe if "/submissions" in operation else house.clinician
