"""``dicomlake search``, ``stats`` and ``quarantine``: the service's answers, for people and machines."""

from pathlib import Path

import pytest

from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest
from dicomlake.state import LOCAL, State
from tests.cli.run import call

QUERY = "Modality:CT AND SliceThickness:[0 TO 3]"


def test_json_is_the_answer_of_the_service(lake: Path) -> None:
    done = call(
        *("search", QUERY, "--facet", "Modality", "--facet", "BodyPartExamined", "--sort", "-SeriesNumber"),
        *("--limit", "1", "--data", lake, "--json"),
    )
    assert (done.code, done.err) == (0, "")
    (answer,) = done.lines
    with Lake.open(lake) as opened:
        expected = Searcher(opened).run(
            SearchRequest(QUERY, facets=("Modality", "BodyPartExamined"), sort=("-SeriesNumber",), limit=1)
        )
    assert {**answer, "took_ms": 0, "cursor": ""} == {**expected, "took_ms": 0, "cursor": ""}
    assert answer["totals"]["series"] == 2
    assert [hit["SeriesNumber"] for hit in answer["hits"]] == [1]
    assert answer["facets"]["BodyPartExamined"] == [{"value": None, "count": 2, "selected": False}]


def test_the_cursor_leads_through_all_hits(lake: Path) -> None:
    found: list[str] = []
    cursor: list[str] = []
    while True:
        (answer,) = call("search", "--level", "instance", "--limit", "20", *cursor, "--data", lake, "--json").lines
        found += [hit["SOPInstanceUID"] for hit in answer["hits"]]
        if answer["cursor"] is None:
            break
        cursor = ["--cursor", answer["cursor"]]
    assert len(found) == len(set(found)) == 48


def test_filters_and_words_with_a_minus(lake: Path) -> None:
    def series(*words: str) -> int:
        (answer,) = call("search", *words, "--data", lake, "--json").lines
        return int(answer["totals"]["series"])

    assert series("--filter", "PatientID=P0") == 4
    assert series("--filter", "PatientID=P0", "--filter", "PatientID=P1") == 6
    assert series("--filter", "BodyPartExamined=") == 6
    assert series("-PatientID:P0") == 2
    assert series("-PatientID:P0", "--sort", "-SeriesNumber") == 2


def test_for_people_there_are_totals_facets_and_a_table(lake: Path) -> None:
    done = call("search", QUERY, "--facet", "Modality", "--facet", "BodyPartExamined", "--data", lake)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("1 patient, 1 study, 2 series, 16 instances, ")
    assert lines[2:4] == ["Modality", "          2   CT"]
    assert "          2   (missing)" in lines
    head = next(line for line in lines if line.startswith("PatientID\t"))
    assert "SeriesInstanceUID" in head.split("\t")


@pytest.mark.parametrize(
    "words, said",
    [
        (["Modalityy:CT"], "nearest: Modality"),
        (["PatientName:[A TO B]"], "PatientName"),
        (["SliceThickness:thin"], "SliceThickness"),
        (["(Modality:CT"], ""),
        (["--facet", "Nope"], "Nope"),
        (["--sort", "-Nope"], "Nope"),
        (["--filter", "Modality"], "FIELD=VALUE"),
        (["--filter", "Nope=1"], "Nope"),
        (["--limit", "-1"], "--limit"),
        (["--limit", "100000"], "limit"),
        (["--cursor", "abc"], "cursor"),
        (["--level", "hospital"], "hospital"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_exit_code_2(lake: Path, words: list[str], said: str) -> None:
    done = call("search", *words, "--data", lake, "--json")
    assert done.failed_with(2, said)
    assert done.lines[-1]["error"]["message"]


def test_stats_count_files_and_what_they_hold(lake: Path) -> None:
    (stats,) = call("stats", "--data", lake, "--json").lines
    assert stats["totals"]["instances"] == 48
    assert stats["files"] == {"indexed": 48, "ignored": 6, "quarantined": 1}
    shown = call("stats", "--data", lake).out
    assert "48 instances" in shown
    assert "1 files quarantined" in shown


def test_the_quarantine_names_location_offset_and_reason(lake: Path, archive: Path) -> None:
    (one,) = call("quarantine", "list", "--data", lake, "--json").lines
    assert one["location"] == str(archive / "cut.dcm")
    assert one["source"] == str(archive)
    assert one["size"] == 200
    assert one["offset"] > 0
    assert one["reason"]
    assert one["detail"]
    shown = call("quarantine", "list", "--data", lake).out
    assert f"{one['reason']}\t{one['offset']}\t{archive / 'cut.dcm'}\t" in shown


def test_the_doctor_finds_a_good_lake_good_and_a_missing_one_bad(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICOMLAKE_PORT", "0")
    monkeypatch.setenv("DICOMLAKE_UI_PORT", "0")
    done = call("doctor", "--data", lake, "--json")
    assert done.code == 0, done
    assert done.lines[0]["fit"] is True
    done = call("doctor", "--data", tmp_path / "none")
    assert done.code == 1
    assert "BAD  lake: there is no lake" in done.out


def test_the_doctor_looks_at_the_state(tmp_path: Path) -> None:
    with State.open(tmp_path) as state:
        state.searches.add(LOCAL, "v=1&q=lung", "Lungs")
        state.jobs.add(LOCAL, "retry", {})
    assert "ok   state: 1 saved search, 1 job waiting or running" in call("doctor", "--data", tmp_path).out
    (tmp_path / "state" / "state.sqlite").write_text("no database " * 1_000)
    assert "BAD  state: " in call("doctor", "--data", tmp_path).out


def test_all_hits_go_out_as_a_file(lake: Path) -> None:
    found = call("search", "--all", "--level", "instance", "--field", "SOPInstanceUID", "--data", lake)
    assert (found.code, found.err) == (0, "")
    head, *rows = found.out.splitlines()
    assert head == "SOPInstanceUID"
    assert len(set(rows)) == len(rows) == 48
    lines = call("search", QUERY, "--all", "--format", "jsonl", "--sort", "-SeriesNumber", "--data", lake).lines
    with Lake.open(lake) as opened:
        hits = Searcher(opened).run(SearchRequest(QUERY, sort=("-SeriesNumber",)))["hits"]
    assert [line["SeriesInstanceUID"] for line in lines] == [hit["SeriesInstanceUID"] for hit in hits]


def test_values_are_excluded_and_facets_listed_as_asked(lake: Path) -> None:
    (answer,) = call(
        *("search", "--exclude", "PatientID=P0", "--facet", "PatientID", "--facet-sort", "value"),
        *("--facet-limit", "1", "--data", lake, "--json"),
    ).lines
    assert answer["totals"]["series"] == 2
    assert answer["facets"]["PatientID"] == [{"value": "P0", "count": 4, "selected": False, "excluded": True}]
    (answer,) = call("search", "--facet", "PatientID", "--facet-contains", "p1", "--data", lake, "--json").lines
    assert [one["value"] for one in answer["facets"]["PatientID"]] == ["P1"]
    shown = call("search", "--exclude", "PatientID=P0", "--facet", "PatientID", "--data", lake).out
    assert "          4 - P0" in shown.splitlines()


def test_histograms_are_drawn(lake: Path) -> None:
    words = ("search", "--histogram", "SliceThickness", "--interval", "1", "--data", lake)
    (answer,) = call(*words, "--json").lines
    with Lake.open(lake) as opened:
        assert answer["histograms"] == {
            "SliceThickness": Searcher(opened).histogram("SliceThickness", SearchRequest(), "1")
        }
    shown = call(*words).out
    assert "SliceThickness in mm" in shown


@pytest.mark.parametrize(
    "words, said",
    [
        (["--format", "csv"], "--all"),
        (["--all", "--facet", "Modality"], "--facet"),
        (["--all", "--json"], "--json"),
        (["--all", "--cursor", "x"], "--cursor"),
        (["--all", "--field", "Nope"], "Nope"),
        (["--all", "--format", "xlsx"], "xlsx"),
        (["--exclude", "Modality"], "FIELD=VALUE"),
        (["--facet-limit", "0"], "facet_limit"),
        (["--histogram", "PatientID"], "PatientID"),
    ],
)
def test_what_does_not_go_together_is_refused(lake: Path, words: list[str], said: str) -> None:
    assert call("search", *words, "--data", lake).failed_with(2, said)
