"""What one search may cost is limited in the service: too much is a problem, and the next search is answered."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dicomlake.search import Limits
from tests.api.service import Service, index, problem
from tests.builders import dicom_file


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    for number in range(30):
        dicom_file(folder / "files" / f"{number}.dcm", uid=f"2.25.{number}", series=f"2.25.{number}.0")
    index(folder / "lake", folder / "files")
    return folder / "lake"


@pytest.fixture
def client(lake: Path, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with Service(lake, limits=request.param) as service, service.client() as client:
        yield client


@pytest.mark.parametrize("client", [Limits(seconds=1e-9)], indirect=True)
@pytest.mark.parametrize("address", ["search?q=CT", "facets/Modality", "histogram/StudyDate"])
def test_a_search_past_its_time_is_a_problem(client: httpx.Client, address: str) -> None:
    assert problem(client.get(f"/api/v1/{address}"), 422, "time-limit")["seconds"] == 1e-9


@pytest.mark.parametrize("client", [Limits(size=1_000)], indirect=True)
def test_an_answer_beyond_its_size_is_a_problem_and_a_smaller_one_is_not(client: httpx.Client) -> None:
    assert problem(client.get("/api/v1/search?limit=30"), 422, "answer-too-large")["bytes"] == 1_000
    assert client.get("/api/v1/search?limit=0").status_code == 200


@pytest.mark.parametrize("client", [Limits(values=100)], indirect=True)
def test_costly_wildcards_are_a_problem_and_cheap_ones_are_not(client: httpx.Client) -> None:
    costly = " OR ".join(f"SeriesInstanceUID:*{number}*" for number in range(4))
    for noun in ("search", "export", "facets/Modality", "quality"):
        problem(client.get(f"/api/v1/{noun}", params={"q": costly}), 422, "too-costly")
    assert (
        client.get("/api/v1/search", params={"q": costly.replace("SeriesInstanceUID", "Modality")}).status_code == 200
    )


@pytest.mark.parametrize("client", [Limits()], indirect=True)
@pytest.mark.parametrize(
    "request_",
    [{"fields": ["Modality"] * 201}, {"filters": {f'(0019,"X{number}",01)': ["1"] for number in range(65)}}],
)
def test_very_many_fields_are_refused(client: httpx.Client, request_: dict[str, object]) -> None:
    assert client.post("/api/v1/search", json=request_).status_code == 422


@pytest.mark.parametrize("client", [Limits(size=1_000)], indirect=True)
def test_a_file_of_all_hits_may_be_as_large_as_it_is(client: httpx.Client) -> None:
    assert client.get("/api/v1/search?limit=30").status_code == 422
    assert len(client.get("/api/v1/export").text.splitlines()) == 31
