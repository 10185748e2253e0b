import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.explanations.schemas import ExplainAnswer
from api.exports.schemas import ExportLink
from api.facets.schemas import FacetAnswer
from api.fields.schemas import FieldAnswer, FieldsAnswer
from api.health.schemas import Alive, Ready
from api.histograms.schemas import HistogramAnswer
from api.images.schemas import ImagesAnswer, LinksAnswer
from api.instances.schemas import InstanceAnswer, ModelAnswer, TreeAnswer
from api.jobs import examples as job_examples
from api.jobs.schemas import JobAnswer, JobsAnswer
from api.problems import Problem
from api.quality.schemas import CompletenessAnswer, QualityAnswer, UnmappedAnswer
from api.quarantine.schemas import QuarantineAnswer
from api.search.answers import SearchAnswer
from api.searches import endpoints as searches
from api.searches.schemas import SavedSearchAnswer, SavedSearchesAnswer
from api.series.schemas import SeriesAnswer
from api.settings import endpoints as settings
from api.settings.schemas import SettingAnswer, SettingsAnswer
from api.stats.schemas import StatsAnswer
from api.studies.schemas import StudyAnswer
from api.suggestions.schemas import SuggestAnswer
from tests.api.service import PICTURES, PROBLEM, problem

SCHEMAS = (
    SearchAnswer, FacetAnswer, HistogramAnswer, FieldsAnswer, StudyAnswer, SeriesAnswer, InstanceAnswer, StatsAnswer,
    Alive, Ready, FieldAnswer, ModelAnswer, TreeAnswer, QualityAnswer, CompletenessAnswer, UnmappedAnswer,
    SuggestAnswer, ExplainAnswer, QuarantineAnswer, SavedSearchAnswer, SavedSearchesAnswer, SettingAnswer,
    SettingsAnswer, JobAnswer, JobsAnswer,
    ImagesAnswer, LinksAnswer, ExportLink,
)  # fmt: skip
MODELS = {model.__name__: model for model in SCHEMAS}


@pytest.fixture(scope="module")
def description(client: httpx.Client) -> dict[str, Any]:
    content: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return content


Answer = tuple[str, dict[str, Any]]


def answer_of(operation: dict[str, Any]) -> Answer:
    """Type and description of what an operation answers when all is well."""
    success = operation["responses"][status_of(operation)]
    return next(iter(success["content"].items())) if "content" in success else ("", {})


def status_of(operation: dict[str, Any]) -> str:
    return next(status for status in ("200", "201", "202", "204") if status in operation["responses"])


def model_of(described: dict[str, Any]) -> Any:
    return MODELS[described["schema"]["$ref"].rpartition("/")[2]]


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, methods in description["paths"].items() for method, op in methods.items()]


def requests(path: str, operation: dict[str, Any]) -> list[tuple[str, dict[str, Any], Any]]:
    """Every example of an operation as path, parameters and body: each value of a parameter once, then all together."""
    paths = [path]
    queries: dict[str, list[Any]] = {}
    for parameter in operation.get("parameters", []):
        named = [example["value"] for example in parameter.get("examples", {}).values()]
        if parameter["in"] == "path":
            assert named, f"{path} has no example of {parameter['name']}"
            paths = [path.replace("{" + parameter["name"] + "}", value) for value in named]
        else:
            queries[parameter["name"]] = named or parameter["schema"].get("examples", [])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if body:
        return [(paths[0], {}, example["value"]) for example in body["examples"].values()]
    alone = [(paths[0], {name: value}, None) for name, values in queries.items() for value in values]
    together = {name: values[0] for name, values in queries.items() if values}
    return [*((each, {}, None) for each in paths), *alone, (paths[0], together, None)]


@pytest.fixture
def made(client: httpx.Client, tmp_path: Path) -> Callable[[str], str]:
    """Makes what the examples are about, as if new each time, and puts it into a request in place of theirs."""

    for kept in client.get("/api/v1/searches").json()["searches"]:
        client.delete(f"/api/v1/searches/{kept['id']}")
    for job in client.get("/api/v1/jobs").json()["jobs"]:
        client.delete(f"/api/v1/jobs/{job['id']}")

    def replaced(text: str) -> str:
        if searches.EXAMPLE_ID in text:
            kept = client.post("/api/v1/searches", json={"state": "v=1&q=lung"}).json()
            return text.replace(searches.EXAMPLE_ID, kept["id"])
        if job_examples.EXAMPLE_ID in text:
            job = client.post("/api/v1/jobs", json={"kind": "retry"}).json()
            return text.replace(job_examples.EXAMPLE_ID, job["id"])
        if settings.EXAMPLE_KEY in text:
            client.put(f"/api/v1/settings/{settings.EXAMPLE_KEY}", json=1)
        return text.replace(job_examples.FOLDER, str(tmp_path))

    return replaced


def test_every_example_is_answered_as_described(
    client: httpx.Client, description: dict[str, Any], made: Callable[[str], str]
) -> None:
    done = 0
    for path, method, operation in operations(description):
        if path == "/api/v1/jobs/{id}/result":  # of a job that was run: tests/worker
            continue
        kind, described = answer_of(operation)
        if kind in PICTURES or path.endswith("{ticket}"):  # their addresses are made (test_images.py, test_export.py)
            continue
        status = int(status_of(operation))
        for address, parameters, example in requests(path, operation):
            body = json.loads(made(json.dumps(example)))
            response = client.request(method, made(address), params=parameters, json=body)
            assert response.status_code == status, (address, parameters, body, response.text)
            if status == 204:
                assert not response.content
            elif kind == "application/json":
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
        elif kind in PICTURES:
            assert described["schema"] == {"type": "string", "format": "binary"}
        elif kind:
            assert described["schema"] == {"type": "string"}
            assert described["example"]
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)


def test_every_error_is_described_as_a_problem(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        failures = {status: each for status, each in operation["responses"].items() if int(status) >= 400}
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
