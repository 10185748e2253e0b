"""What goes wrong between Dicomlake and a server is told as what it is, and what passes by itself is waited for."""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from dicomlake.engines.base import Plan
from dicomlake.engines.opensearch import bulk
from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Shape
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.errors import (
    DicomlakeError,
    EngineAwayError,
    EngineCertificateError,
    EngineLoginError,
    EngineReadOnlyError,
    EngineVersionError,
)
from tests.engines.front import Front, serving
from tools.opensearch import Cluster
from tools.opensearch import Server as Running


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _open(server: Server, running: Running) -> OpenSearchEngine:
    return OpenSearchEngine(server, f"{running.prefix}errors", COLUMNS, write=True)


def _refused(server: Server, running: Running, error: type[DicomlakeError]) -> str:
    with pytest.raises(error) as raised:
        _open(server, running)
    return raised.value.message


def test_a_server_that_is_away_is_told_without_its_address(opensearch: Running) -> None:
    message = _refused(Server(("http://127.0.0.1:9",)), opensearch, EngineAwayError)
    assert "the search server does not answer" in message
    assert "127.0.0.1" not in message
    assert EngineAwayError.status == 503  # with Retry-After, as every answer of that status


def test_a_name_and_password_are_asked_for_and_taken(
    opensearch: Running, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with serving(Front(opensearch.url, login=("lake", "secret"), tls=tls)) as url:
        for user, password in (("", ""), ("lake", "wrong")):
            message = _refused(Server((url,), user, password, str(trusted)), opensearch, EngineLoginError)
            assert "refused the name or password" in message
        right = Server((url,), "lake", "secret", str(trusted))
        assert "secret" not in repr(right)
        engine = _open(right, opensearch)
        engine.put([series_record("1.2.1")])
        engine.commit()
        assert len(engine.search(Plan()).hits) == 1
        engine.remove()


def test_a_certificate_that_nobody_trusted_signed_is_refused(opensearch: Running, tls: ssl.SSLContext) -> None:
    with serving(Front(opensearch.url, tls=tls)) as url:
        message = _refused(Server((url,)), opensearch, EngineCertificateError)
    assert "name the authority that signed it" in message


def test_a_certificate_of_another_host_is_refused(opensearch: Running, authority: trustme.CA, tmp_path: Path) -> None:
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("search.example").configure_cert(context)
    with serving(Front(opensearch.url, tls=context)) as url:
        _refused(Server((url,), authority=str(trusted)), opensearch, EngineCertificateError)


@pytest.mark.parametrize(
    "root",
    [b'{"version": {"number": "7.10.2"}, "tagline": "You Know, for Search"}', b'{"couchdb": "Welcome"}', b'"hello"'],
    ids=["Elasticsearch", "CouchDB", "something else"],
)
def test_what_is_no_opensearch_is_refused(opensearch: Running, root: bytes) -> None:
    with serving(Front(opensearch.url, root=root)) as url:
        message = _refused(Server((url,)), opensearch, EngineVersionError)
    assert "is no OpenSearch" in message
    assert "OpenSearch 3 or later is needed" in message


@pytest.mark.parametrize("version", ["2.19.5", "1.3.20"])
def test_an_older_server_is_refused(opensearch: Running, version: str) -> None:
    with serving(Front(opensearch.url, version=version)) as url:
        message = _refused(Server((url,)), opensearch, EngineVersionError)
    assert f"{version}; OpenSearch 3 or later is needed" in message


def test_an_index_closed_for_writing_is_told_and_taken_up_again(opensearch: Running) -> None:
    engine = _open(Server((opensearch.url,)), opensearch)
    try:
        engine.put([series_record("1.2.1")])
        engine.commit()
        _closed(engine, True)
        engine.put([series_record("1.2.2")])
        with pytest.raises(EngineReadOnlyError, match="make room"):
            engine.commit()
        _closed(engine, None)
        engine.commit()
        assert len(engine.search(Plan()).hits) == 2
    finally:
        _closed(engine, None)
        engine.remove()


def _closed(engine: OpenSearchEngine, closed: bool | None) -> None:
    body = {"index.blocks.read_only_allow_delete": closed}
    engine._client.call("PUT", f"/{engine.indices.prefix}-*/_settings", body)


_NODE_GONE = (
    b'{"error":{"type":"search_phase_execution_exception","reason":"","failed_shards":[],"root_cause":[],"caused_by":'
    b'{"type":"illegal_state_exception","reason":"no node found for id: cd7lfuVoSYCpO8u0bhp2uw"}},"status":500}'
)
"""What a search gets when a node leaves between two of its steps."""


def test_a_search_is_asked_again_when_a_node_leaves_in_the_middle_of_it(opensearch: Running) -> None:
    front = Front(opensearch.url)
    with serving(front) as url:
        engine = _open(Server((url,)), opensearch)
        try:
            engine.put([series_record("1.2.1")])
            engine.commit()
            front.refusals.extend([_NODE_GONE] * 2)
            assert len(engine.search(Plan()).hits) == 1
            assert not front.refusals
            front.refusals.extend([_NODE_GONE] * 100)
            with pytest.raises(EngineAwayError, match="no node found"):
                engine.search(Plan(limit=7))
            assert len(front.refusals) > 80, "a node that stays away is not asked for ever"
            front.refusals.clear()
            assert len(engine.search(Plan(limit=7)).hits) == 1
        finally:
            front.refusals.clear()
            engine.remove()


def test_a_load_waits_for_room_in_the_server(
    opensearch_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BODY", 400_000)
    cluster = opensearch_cluster(settings={"indexing_pressure.memory.limit": "700kb"}, heap="512m")
    engine = OpenSearchEngine(Server(cluster.urls), "lake", COLUMNS, write=True)
    engine.add(series_record(f"1.2.{n}", KVP=f"{n} " + "x" * 4_000) for n in range(2_000))
    engine.commit()
    totals = engine.search(Plan(limit=0)).totals
    assert totals is not None
    assert totals.series == 2_000
    assert engine.rejected() == []
    stats = engine._client.call("GET", "/_nodes/stats/indexing_pressure")
    (node,) = stats["nodes"].values()
    assert node["indexing_pressure"]["memory"]["total"]["coordinating_rejections"] > 0
    engine.close()


def test_a_load_goes_on_when_the_server_is_started_again(opensearch_cluster: Callable[..., Cluster]) -> None:
    cluster = opensearch_cluster(heap="512m")
    (node,) = cluster.nodes
    engine = OpenSearchEngine(Server(cluster.urls), "lake", COLUMNS, write=True, shape=Shape())
    engine.add(series_record(f"1.2.{n}", Modality="CT") for n in range(500))
    engine.commit()
    reader = OpenSearchEngine(Server(cluster.urls), "lake", COLUMNS)
    engine.add(series_record(f"1.3.{n}", Modality="MR") for n in range(500))
    node.kill()
    with pytest.raises(EngineAwayError):
        reader.search(Plan())
    started = threading.Timer(2.0, node.launch)
    started.start()
    engine._writing.flush()
    cluster.wait()
    engine.commit()
    reader.refresh()
    totals = reader.search(Plan(limit=0)).totals
    assert totals is not None
    assert totals.series == 1_000
    reader.close()
    engine.close()
