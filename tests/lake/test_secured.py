"""A server behind TLS and a login, reached by the settings that people have."""

import ssl
from pathlib import Path

import pytest
import trustme

from dicomlake.lake import Choice
from tests.engines.front import Front, serving
from tests.indexer.builders import hospital
from tests.lake.places import Place, on_server
from tools.opensearch import Server

LOGIN = {"DICOMLAKE_ENGINE_USER": "lake", "DICOMLAKE_ENGINE_PASSWORD": "hush-hush"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file with the authority."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def context(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(made)
    return made


def test_a_lake_is_loaded_and_searched_through_tls(
    opensearch: Server, authority: trustme.CA, trusted: str, tmp_path: Path
) -> None:
    source = hospital(tmp_path / "archive", series=2)
    front = Front(opensearch.url, login=("lake", "hush-hush"), tls=context(authority))
    with on_server(opensearch, tmp_path / "lake") as behind, serving(front) as url:
        place = Place(behind.data, Choice("opensearch", behind.choice.prefix, (url,)))
        ways = ({"DICOMLAKE_ENGINE_CA_FILE": trusted}, {"DICOMLAKE_ENGINE_VERIFY": "false"})
        for how in ways:
            done = place.command("index", source, "--json", "--quiet", **LOGIN, **how)
            assert done.code == 3, done.err
            assert done.err == ""  # nobody is warned of what they asked for
            assert done.lines[-1]["instances"] == 16
            found = place.command("search", "Modality:CT", "--json", **LOGIN, **how)
            assert found.code == 0
            assert found.lines[-1]["totals"]["series"] == 2
            checks = {one["name"]: one for one in place.command("doctor", "--json", **LOGIN, **how).lines[-1]["checks"]}
            assert checks["search server"]["fit"]
            assert checks["lake"]["detail"].startswith("16 instances")
        for file in (behind.data / "format.json", behind.data / "catalog.sqlite"):
            assert b"hush-hush" not in file.read_bytes()


def test_a_certificate_that_cannot_be_trusted_is_refused_and_said(
    opensearch: Server, authority: trustme.CA, trusted: str, tmp_path: Path
) -> None:
    source = hospital(tmp_path / "archive", series=1)
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    of_another_host = context(authority, "search.example")
    refused = (
        (context(authority), {}),
        (context(authority), {"DICOMLAKE_ENGINE_CA_FILE": str(other)}),
        (of_another_host, {"DICOMLAKE_ENGINE_CA_FILE": trusted}),
    )
    for tls, how in refused:
        with on_server(opensearch, tmp_path / "lake") as behind, serving(Front(opensearch.url, tls=tls)) as url:
            place = Place(behind.data, Choice("opensearch", behind.choice.prefix, (url,)))
            done = place.command("index", source, "--quiet", **LOGIN, **how)
            assert done.failed_with(1, "the certificate of the search server is not trusted")
            assert "hush-hush" not in done.err
            assert url.removeprefix("https://") not in done.err
            done = place.command("doctor", "--json", **LOGIN, **how)
            assert done.code == 1
            assert "the certificate of the search server is not trusted" in done.out
    assert not (tmp_path / "lake" / "format.json").exists()


def test_an_authority_that_is_no_file_or_no_certificate_is_said(opensearch: Server, tmp_path: Path) -> None:
    text = tmp_path / "notes.pem"
    text.write_text("no certificate")
    place = Place(tmp_path / "lake", Choice("opensearch", "x", ("https://127.0.0.1:9",)))
    source = hospital(tmp_path / "archive", series=1)
    missing = place.command("index", source, "--quiet", DICOMLAKE_ENGINE_CA_FILE=str(tmp_path / "away.pem"))
    assert missing.failed_with(2, "away.pem is no file; correct DICOMLAKE_ENGINE_CA_FILE")
    wrong = place.command("index", source, "--quiet", DICOMLAKE_ENGINE_CA_FILE=str(text))
    assert wrong.failed_with(2, "notes.pem has no certificate in it; correct DICOMLAKE_ENGINE_CA_FILE")
