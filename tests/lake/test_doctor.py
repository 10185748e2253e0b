"""What ``dicomlake doctor`` says of a search server."""

from pathlib import Path
from typing import Any

import httpx

from dicomlake.lake import Choice
from tests.engines.front import Front, serving
from tests.indexer.builders import hospital
from tests.lake.places import Place, on_server
from tools.opensearch import Server


def findings(place: Place) -> dict[str, dict[str, Any]]:
    """By name."""
    return {one["name"]: one for one in place.command("doctor", "--json").lines[-1]["checks"]}


def test_a_server_that_is_fit(opensearch: Server, tmp_path: Path) -> None:
    with on_server(opensearch, tmp_path / "lake") as served:
        before = findings(served)
        assert before["search server"]["fit"]
        assert "indices" not in before
        served.command("index", hospital(tmp_path / "archive", series=1), "--quiet")
        found = findings(served)
        assert found["engine"]["detail"] == f"opensearch, indices {served.choice.prefix}-*-1"
        assert found["search server"]["detail"].startswith("OpenSearch 3.")
        assert "green" in found["search server"]["detail"]
        assert found["indices"]["fit"]
        assert found["lake"]["detail"].startswith("8 instances")
        assert "may show later" in found["capabilities"]["detail"]
        assert "templates" not in found


def test_indices_that_take_no_documents_and_templates_that_are_gone(opensearch: Server, tmp_path: Path) -> None:
    with on_server(opensearch, tmp_path / "lake") as served, httpx.Client(base_url=opensearch.url) as client:
        source = hospital(tmp_path / "archive", series=1)
        served.command("index", source, "--quiet")
        prefix = served.choice.prefix
        block = "index.blocks.read_only_allow_delete"
        client.put(f"/{prefix}-series-1/_settings", json={block: True}).raise_for_status()
        client.delete(f"/_index_template/{prefix}-kept").raise_for_status()
        found = findings(served)
        assert not found["indices"]["fit"]
        assert f"{prefix}-series-1 can be read only" in found["indices"]["detail"]
        assert not found["templates"]["fit"]
        assert f"{prefix}-kept" in found["templates"]["detail"]
        (source / "p0" / "s0" / "i000.dcm").unlink()
        done = served.command("index", source, "--prune", "--quiet")
        assert done.failed_with(1, "takes no documents", "make room")
        client.put(f"/{prefix}-series-1/_settings", json={block: None}).raise_for_status()
        assert served.command("index", source, "--prune", "--quiet").code == 3
        assert findings(served)["lake"]["detail"].startswith("7 instances")


def test_a_server_that_is_away(tmp_path: Path) -> None:
    place = Place(tmp_path / "lake", Choice("opensearch", "x", ("http://127.0.0.1:9",)))
    done = place.command("doctor", "--json")
    assert done.code == 1
    (found,) = (one for one in done.lines[-1]["checks"] if not one["fit"] and one["name"] == "search server")
    assert found["detail"].startswith("the search server does not answer")
    assert "127.0.0.1:9" not in done.out


def test_another_version_and_another_password(opensearch: Server, tmp_path: Path) -> None:
    front = Front(opensearch.url, login=("lake", "secret"), version="2.19.1")
    with serving(front) as url:
        right, wrong = (url.replace("//", f"//lake:{password}@") for password in ("secret", "wrongword"))
        done = Place(tmp_path / "lake", Choice("opensearch", "x", (right,))).command("doctor", "--json")
        assert "is opensearch 2.19.1; OpenSearch 3 or later is needed" in done.out
        done = Place(tmp_path / "lake", Choice("opensearch", "x", (wrong,))).command("doctor", "--json")
        assert "refused the name or password" in done.out
        assert "wrongword" not in done.out + done.err
