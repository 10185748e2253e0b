"""Whatever the OpenAPI description allows, and more, is answered as it announces, and never with an error of ours."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create
from tests.api.service import Service

CONFORMANCE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 25
"""Requests of each kind to each operation."""

LONGEST = 50_000
"""Characters of a request that are sent: the server itself, before the service, refuses lines of 64 KiB."""

DESCRIBED = schemathesis.openapi.from_dict(create(Path("nowhere")).openapi())
OPERATIONS = {f"{one.ok().method.upper()} {one.ok().path}": one.ok() for one in DESCRIBED.get_all_operations()}


def test_every_operation_is_tried() -> None:
    described = create(Path("nowhere")).openapi()["paths"]
    assert len(OPERATIONS) == sum(len(methods) for methods in described.values()) > 20


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_request_is_answered_as_described(service: Service, name: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[name]
    if mode.is_negative and not (operation.query or operation.body or operation.path_parameters):
        return  # nothing can be wrong with it

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        assume(len(case.as_curl_command()) < LONGEST)
        case.call_and_validate(base_url=service.url, checks=CONFORMANCE)

    ask()
