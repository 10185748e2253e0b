import json
import re
from typing import Any

import httpx
import pytest

from api.explanations.schemas import ExplainAnswer
from api.facets.schemas import FacetAnswer
from api.fields.schemas import FieldAnswer, FieldsAnswer
from api.health.schemas import Alive, Ready
from api.histograms.schemas import HistogramAnswer
from api.instances.schemas import InstanceAnswer, ModelAnswer, TreeAnswer
from api.problems import Problem
from api.quality.schemas import CompletenessAnswer, QualityAnswer, UnmappedAnswer
from api.search.schemas import SearchAnswer
from api.series.schemas import SeriesAnswer
from api.stats.schemas import StatsAnswer
from api.studies.schemas import StudyAnswer
from api.suggestions.schemas import SuggestAnswer
from tests.api.service import PROBLEM, problem

SCHEMAS = (
    SearchAnswer, FacetAnswer, HistogramAnswer, FieldsAnswer, StudyAnswer, SeriesAnswer, InstanceAnswer, StatsAnswer,
    Alive, Ready, FieldAnswer, ModelAnswer, TreeAnswer, QualityAnswer, CompletenessAnswer,
    UnmappedAnswer, SuggestAnswer, ExplainAnswer,
)  # fmt: skip
MODELS = {model.__name__: model for model in SCHEMAS}


@pytest.fixture(scope="module")
def description(client: httpx.Client) -> dict[str, Any]:
    content: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return content


Answer = tuple[str, dict[str, Any]]


def answer_of(operation: dict[str, Any]) -> Answer:
    """Type and description of what an operation answers when all is well."""
    content = operation["responses"]["200"]["content"]
    return next(iter(content.items()))


def model_of(described: dict[str, Any]) -> Any:
    return MODELS[described["schema"]["$ref"].rpartition("/")[2]]


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, methods in description["paths"].items() for method, op in methods.items()]


def requests(path: str, operation: dict[str, Any]) -> list[tuple[str, dict[str, Any], Any]]:
    """Every example of an operation as path, parameters and body: each value of a parameter once, then all together."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if body:
        return [(path, {}, example["value"]) for example in body["examples"].values()]
    paths = [path]
    queries: dict[str, list[Any]] = {}
    for parameter in operation.get("parameters", []):
        named = [example["value"] for example in parameter.get("examples", {}).values()]
        if parameter["in"] == "path":
            assert named, f"{path} has no example of {parameter['name']}"
            paths = [path.replace("{" + parameter["name"] + "}", value) for value in named]
        else:
            queries[parameter["name"]] = named or parameter["schema"].get("examples", [])
    alone = [(paths[0], {name: value}, None) for name, values in queries.items() for value in values]
    together = {name: values[0] for name, values in queries.items() if values}
    return [*((each, {}, None) for each in paths), *alone, (paths[0], together, None)]


def test_every_example_is_answered_as_described(client: httpx.Client, description: dict[str, Any]) -> None:
    done = 0
    for path, method, operation in operations(description):
        kind, described = answer_of(operation)
        for address, parameters, body in requests(path, operation):
            response = client.request(method, address, params=parameters, json=body)
            assert response.status_code == 200, (address, parameters, body, response.text)
            if kind == "application/json":
                model_of(described).model_validate(response.json())
            else:
                assert response.content
            done += 1
    assert done > 60


def test_body_examples_find_something(client: httpx.Client, description: dict[str, Any]) -> None:
    body = description["paths"]["/api/v1/search"]["post"]["requestBody"]["content"]["application/json"]
    for name, example in body["examples"].items():
        assert client.post("/api/v1/search", json=example["value"]).json()["hits"], name


def test_every_answer_has_a_valid_example(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        kind, described = answer_of(operation)
        if kind == "application/json":
            model_of(described).model_validate(described["example"])
        else:
            assert described["schema"] == {"type": "string"}
            assert described["example"]
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)


def test_every_error_is_described_as_a_problem(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        failures = {status: each for status, each in operation["responses"].items() if status not in ("200", "304")}
        assert {"403", "500"} <= failures.keys(), (path, method)
        for failure in failures.values():
            content = failure["content"][PROBLEM]
            assert list(failure["content"]) == [PROBLEM]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            for code, example in content["examples"].items():
                assert Problem.model_validate(example["value"]).code == code


def test_description_refers_only_to_itself(description: dict[str, Any]) -> None:
    text = json.dumps(description)
    assert "://" not in text.replace("file:///", "").replace("http://127.0.0.1", "")
    for ref in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert ref in description["components"]["schemas"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/"])
def test_no_page_that_loads_scripts_from_elsewhere_is_served(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 404, "unknown-route")
