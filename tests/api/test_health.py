import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from api.problems import RETRY_AFTER
from tests.api.service import REAL_FILES, index, problem
from tests.builders import dicom_file

NEEDS_LAKE = ("/readyz", "/api/v1/search", "/api/v1/stats", "/api/v1/studies/1.2", "/api/v1/series/1.2",
              "/api/v1/instances/1.2", "/api/v1/facets/Modality")  # fmt: skip


def archive(folder: Path, **attributes: str) -> Path:
    """A folder with one file."""
    dicom_file(folder / "image.dcm", **attributes)
    return folder


def test_ready_with_counts(client: httpx.Client) -> None:
    content = client.get("/readyz").json()
    totals = client.post("/api/v1/search", json={"limit": 0}).json()["totals"]
    assert content["status"] == "ready"
    assert {name: content[name] for name in ("patients", "studies", "series", "instances")}.items() <= totals.items()


def test_alive_without_a_lake(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    assert serve(tmp_path / "nowhere").get("/healthz").json() == {"status": "alive"}


def test_a_lake_that_is_not_there_is_waited_for(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    lake = tmp_path / "lake"
    client = serve(lake)
    for path in NEEDS_LAKE:
        response = client.get(path)
        content = problem(response, 503, "unusable-lake")
        assert "dicomlake index" in content["detail"]
        assert response.headers["Retry-After"] == str(RETRY_AFTER)
    index(lake, archive(tmp_path / "one"))
    assert client.get("/readyz").json()["instances"] == 1
    assert client.post("/api/v1/search", json={}).json()["hits"][0]["SeriesInstanceUID"] == "1.2.3"


def test_what_is_indexed_later_is_seen(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    lake = tmp_path / "lake"
    index(lake, archive(tmp_path / "one"))
    client = serve(lake)
    before = client.get("/readyz").json()
    index(lake, archive(tmp_path / "two", uid="1.2.3.2"))
    after = client.get("/readyz").json()
    assert (before["instances"], after["instances"]) == (1, 2)
    assert before["generation"] != after["generation"]


def test_a_lake_that_was_replaced_is_opened_again(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    lake = tmp_path / "lake"
    index(lake, archive(tmp_path / "one"))
    client = serve(lake)
    assert client.get("/api/v1/instances/1.2.3.1").status_code == 200
    shutil.rmtree(lake)
    problem(client.get("/readyz"), 503, "unusable-lake")
    index(lake, archive(tmp_path / "two", uid="1.2.3.2"))
    assert client.get("/api/v1/instances/1.2.3.2").status_code == 200
    problem(client.get("/api/v1/instances/1.2.3.1"), 404, "not-found")


def test_a_lake_replaced_under_load_breaks_no_request(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    first, lake = tmp_path / "first", tmp_path / "lake"
    index(first, REAL_FILES)
    shutil.copytree(first, lake)
    client = serve(lake)

    def load() -> set[int]:
        asked = {"facets": ["Modality"], "level": "instance", "limit": 20}
        return {client.post("/api/v1/search", json=asked).status_code for _ in range(25)}

    with ThreadPoolExecutor(8) as pool:
        loads = [pool.submit(load) for _ in range(8)]
        for turn in range(5):
            shutil.copytree(first, tmp_path / f"next{turn}")
            lake.rename(tmp_path / f"old{turn}")
            (tmp_path / f"next{turn}").rename(lake)
        assert set().union(*(done.result() for done in loads)) <= {200, 503}
    assert client.get("/readyz").status_code == 200


def test_lakes_that_cannot_be_used_say_why(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    lake = tmp_path / "lake"
    index(lake, archive(tmp_path / "one"))
    client = serve(lake)
    good = (lake / "format.json").read_bytes()
    for bad in (b"", b"[]", b"{}", b'{"format": "x"}', good.replace(b'"format": ', b'"format": 99')):
        (lake / "format.json").write_bytes(bad)
        assert str(lake) in problem(client.get("/readyz"), 503, "unusable-lake")["detail"]
    (lake / "format.json").write_bytes(good)
    assert client.get("/readyz").status_code == 200
    (lake / "secret.key").rename(lake / "hidden.key")
    (lake / "format.json").write_bytes(good)
    problem(client.get("/readyz"), 503, "unusable-lake")


def test_a_file_in_place_of_the_lake_is_a_problem(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    lake = tmp_path / "lake"
    lake.write_text("no folder")
    problem(serve(lake).get("/readyz"), 503, "unusable-lake")
