"""Which engine a lake has, and what is said when the settings name another."""

from pathlib import Path

import pytest

from dicomlake import settings
from dicomlake.errors import OtherEngineError, UsageError
from dicomlake.lake import Choice, Lake, Mark
from tests.indexer.builders import hospital
from tests.lake.places import Place, embedded, on_server
from tools.opensearch import Server


def chosen(**given: str) -> Choice:
    return Choice.of(settings.read({f"DICOMLAKE_{name}": text for name, text in given.items()}))


def test_the_engine_is_embedded_unless_a_server_is_named() -> None:
    assert chosen().kind == "embedded"
    assert chosen(engine="opensearch").urls == ("http://127.0.0.1:9200",)
    assert chosen(engine_url="https://one").urls == ("https://one:9200",)
    assert chosen(engine="embedded", engine_url="https://one").kind == "embedded"


def test_name_and_password_in_an_address_are_taken_out_of_it() -> None:
    found = chosen(engine_url="https://ana:s%40cret@one:9201/search/, https://[::1]:9202")
    assert found.urls == ("https://one:9201/search", "https://[::1]:9202")
    assert (found.user, found.password) == ("ana", "s@cret")
    assert "s@cret" not in repr(found)
    assert "//" not in repr(found)
    assert chosen(engine_url="http://a:b@c", engine_user="d", engine_password="e").password == "e"


@pytest.mark.parametrize("url", ["secret:9200", "ftp://x:secret@host", "http://secret:port", "https://"])
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="of the form https://HOST:9200") as raised:
        chosen(engine_url=url)
    assert "secret" not in raised.value.message


def test_a_lake_of_one_engine_is_not_opened_with_the_other(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=1)
    with on_server(opensearch, tmp_path / "served") as served:
        inside = embedded(tmp_path / "inside")
        for place in (inside, served):
            assert place.command("index", source, "--quiet").code == 3
        assert Mark.read(served.data).prefix == served.choice.prefix
        marked = (served.data / "format.json").read_text()
        assert opensearch.url not in marked
        wrong: list[tuple[Place, str]] = [
            (embedded(served.data), "is on an OpenSearch server; name the server with DICOMLAKE_ENGINE_URL"),
            (served.at(inside.data), "is in the folder itself, not on an OpenSearch server; choose --engine embedded"),
            (Place(served.data, Choice("opensearch", "other", served.choice.urls)), "set DICOMLAKE_ENGINE_PREFIX="),
        ]
        for place, said in wrong:
            with pytest.raises(OtherEngineError, match=said):
                place.open()
            with pytest.raises(OtherEngineError, match=said):
                Lake.open_for_writing(place.data, choice=place.choice)
        done = inside.command("search", "--engine", "opensearch", "--engine-url", "http://u:hush@127.0.0.1:9")
        assert done.failed_with(1, "is in the folder itself")
        assert "hush" not in done.err


def test_two_data_folders_do_not_share_indices(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=1)
    with on_server(opensearch, tmp_path / "one") as one:
        one.command("index", source, "--quiet")
        other = one.at(tmp_path / "two")
        assert other.command("index", source, "--quiet").failed_with(1, "belong to another data folder")
        assert one.command("stats").code == 0


def test_a_second_writer_is_told_to_wait(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=1)
    with on_server(opensearch, tmp_path / "one") as one:
        with Lake.open_for_writing(one.data, choice=one.choice):
            assert one.command("index", source, "--quiet").failed_with(1, "wait until it ends and run this again")
        assert one.command("index", source, "--quiet").code == 3


def test_a_server_that_is_away_is_said_without_its_address(tmp_path: Path) -> None:
    place = Place(tmp_path / "lake", Choice("opensearch", "x", ("http://127.0.0.1:9",)))
    done = place.command("index", hospital(tmp_path / "archive", series=1), "--quiet")
    assert done.failed_with(1, "the search server does not answer")
    assert "127.0.0.1" not in done.err


def test_indices_that_are_gone_are_not_made_anew(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=1)
    with on_server(opensearch, tmp_path / "one") as one:
        one.command("index", source, "--quiet")
    for words in (("index", source, "--quiet"), ("search",)):
        assert one.command(*words).failed_with(1, "there are no indices", "restore them")


def test_a_lake_whose_mark_is_lost_is_not_made_anew(opensearch: Server, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=1)
    with on_server(opensearch, tmp_path / "one") as one:
        one.command("index", source, "--quiet")
        mark = one.data / "format.json"
        kept = mark.read_bytes()
        mark.unlink()
        assert one.command("index", source, "--quiet").failed_with(1, "format.json is missing", "restore it")
        mark.write_bytes(kept)
        assert one.command("index", source, "--json", "--quiet").lines[-1]["unchanged"] == 8


def test_the_demonstration_stays_in_its_folder(tmp_path: Path) -> None:
    place = Place(tmp_path / "lake", Choice("opensearch", "x", ("http://127.0.0.1:9",)))
    done = place.command("demo", "--folder", tmp_path / "demo")
    assert done.failed_with(2, "choose --engine embedded")
    assert not (tmp_path / "demo").exists()
