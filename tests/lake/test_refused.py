"""What the search server takes no document of goes into quarantine; the rest goes in."""

from copy import deepcopy
from pathlib import Path

import httpx

from mappings import schemas
from tests.indexer.builders import hospital
from tests.lake.places import Place, embedded, on_server
from tools.opensearch import Server


def picky(server: Server, place: Place, kind: str) -> None:
    """An index whose field of slice thickness takes true and false only: it refuses every document that has one."""
    body = deepcopy(schemas.opensearch_templates()["documents"]["template"])
    body["mappings"]["properties"]["c_SliceThickness"] = {"type": "boolean"}
    httpx.put(f"{server.url}/{place.choice.prefix}-{kind}-1", json=body).raise_for_status()


def test_an_instance_that_is_refused_is_in_quarantine_with_the_servers_reason(
    opensearch: Server, tmp_path: Path
) -> None:
    source = hospital(tmp_path / "archive", series=2)
    with on_server(opensearch, tmp_path / "served") as served:
        picky(opensearch, served, "instances")
        done = served.command("index", source, "--json", "--quiet")
        assert done.code == 3, done.err
        assert (done.lines[-1]["quarantined"], done.lines[-1]["instances"]) == (17, 0)
        listed = served.command("quarantine", "list", "--reason", "refused", "--json").lines
        assert len(listed) == 16
        assert "Failed to parse value" in listed[0]["detail"]


def test_of_a_series_that_is_refused_nothing_stays_and_the_others_go_in(opensearch: Server, tmp_path: Path) -> None:
    source, good = hospital(tmp_path / "archive", series=2), tmp_path / "good"
    good.mkdir()
    with on_server(opensearch, tmp_path / "served") as served:
        picky(opensearch, served, "series")
        from tests.builders import dicom_file  # noqa: PLC0415

        for number in range(3):
            dicom_file(good / f"{number}.dcm", uid=f"1.3.{number}", series="1.3", study="1.3.9", Modality="US")
        done = served.command("index", source, good, "--json", "--quiet")
        inside = embedded(tmp_path / "inside")
        inside.command("index", good, "--quiet")
        assert done.code == 3, done.err
        assert (done.lines[-1]["quarantined"], done.lines[-1]["instances"], done.lines[-1]["series"]) == (17, 3, 1)
        assert served.documents() == inside.documents()
        again = served.command("index", source, good, "--json", "--quiet").lines[-1]
        assert (again["unchanged"], again["quarantined"]) == (3, 17)
