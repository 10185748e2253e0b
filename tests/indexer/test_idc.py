"""``dicomlake import idc``: the index of the Imaging Data Commons as declared series, counted as DuckDB counts them."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import idc_questions
from dicomlake.errors import IndexFileError
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest
from indexer.idc import load
from indexer.migrate import migrate
from tests.builders import dicom_file
from tests.indexer.builders import content, index
from tests.indexer.idc import index_slice
from tests.indexer.test_migrate import to_another_registry


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_slice(tmp_path_factory.mktemp("idc") / "few.parquet", sample=900)


def search(lake: Path, **asked: object) -> dict:
    with Lake.open(lake) as opened:
        return Searcher(opened).run(SearchRequest(**asked))


def test_totals_and_facets_are_those_that_duckdb_counts(tmp_path: Path) -> None:
    parquet = index_slice(tmp_path / "idc.parquet", sample=50_000)
    imported = load(tmp_path / "lake", parquet, workers=2)
    assert (imported.rows, imported.added, imported.series) == (50_000, 50_000, 50_000)
    rows = idc_questions.table(parquet)
    with Lake.open(tmp_path / "lake") as lake:
        searcher = Searcher(lake)
        for question in idc_questions.questions(rows, 500, seed=5, facets=2):
            idc_questions.check(searcher.run(question.request), question, rows)


def test_a_declared_series_reads_like_one_that_was_indexed(tmp_path: Path) -> None:
    uid = "1.3.6.1.4.1.14519.5.2.1.6834.5010.155488857019753544209698582121"
    parquet = index_slice(tmp_path / "one.parquet", f"SeriesInstanceUID = '{uid}'")
    load(tmp_path / "lake", parquet)
    with Lake.open(tmp_path / "lake") as lake:
        series = Searcher(lake).series(uid)["series"]
    assert series == series | {
        "Modality": "CT",
        "Modality.group": "CT",
        "Manufacturer": "Varian Imaging Laboratories, Switzerland",
        "Manufacturer.canonical": "Varian",
        "PatientID": "100_HM10395",
        "StudyDate": "19970917",
        "SeriesNumber": 501,
        "PixelRepresentation": 1,
        "collection": "4d_lung",
        "licence": "CC BY 3.0",
        "doi": "10.7937/k9/tcia.2016.eln8ygle",
        "source": "idc",
        "location": "s3://idc-open-data/085e85b3-3780-47f6-8538-585bcca95336/",
        "instanceCount": 50,
        "bytes": 26_405_988,
    }


def test_values_that_break_their_vr_have_the_codes_of_files(tmp_path: Path) -> None:
    load(tmp_path / "lake", index_slice(tmp_path / "bad.parquet", "PatientAge IN ('042y', 'N-A')"))
    (code,) = search(tmp_path / "lake", facets=["quality"], q="PatientAge:042y")["facets"]["quality"]
    assert (code["value"], code["count"]) == ("bad-age", 11)


def test_instance_level_leaves_declared_series_out_and_says_so(tmp_path: Path, few: Path) -> None:
    load(tmp_path / "lake", few)
    dicom_file(tmp_path / "files" / "own.dcm", series="1.2.3", Modality="CT")
    index(tmp_path / "lake", tmp_path / "files")
    everything = search(tmp_path / "lake")["totals"]
    answer = search(tmp_path / "lake", level="instance")
    assert (everything["series"], answer["totals"]["series"], len(answer["hits"])) == (901, 1, 1)
    assert answer["declared"] == {"series": 900, "instances": everything["instances"] - 1}
    assert "declared" not in search(tmp_path / "lake", level="instance", q="SeriesInstanceUID:1.2.3")


@pytest.mark.parametrize("files_first", [False, True])
def test_files_take_the_place_of_their_declared_series(tmp_path: Path, few: Path, files_first: bool) -> None:
    load(tmp_path / "else", few)
    hit = search(tmp_path / "else", q="instanceCount:[10 TO *]", limit=1)["hits"][0]
    for number in range(3):
        dicom_file(
            tmp_path / "files" / f"{number}.dcm",
            uid=f"1.2.3.{number}",
            series=hit["SeriesInstanceUID"],
            study=hit["StudyInstanceUID"],
        )
    if files_first:
        index(tmp_path / "lake", tmp_path / "files")
    first = load(tmp_path / "lake", few)
    index(tmp_path / "lake", tmp_path / "files")
    again = load(tmp_path / "lake", few)
    before, after = search(tmp_path / "else")["totals"], search(tmp_path / "lake")["totals"]
    assert (first.indexed, again.indexed, again.removed) == (int(files_first), 1, 0)
    assert after["series"] == before["series"] == 900
    assert after["instances"] == before["instances"] - hit["instanceCount"] + 3
    assert search(tmp_path / "lake", q=f"SeriesInstanceUID:{hit['SeriesInstanceUID']}", level="instance")["hits"]


def test_files_of_another_patient_in_a_study_leave_its_declared_series(tmp_path: Path) -> None:
    study = "1.3.6.1.4.1.14519.5.2.1.6834.5010.117291650651265592494655001035"
    load(tmp_path / "lake", index_slice(tmp_path / "study.parquet", f"StudyInstanceUID = '{study}'"))
    before = search(tmp_path / "lake")["totals"]
    dicom_file(tmp_path / "files" / "own.dcm", series="1.2.3", study=study, PatientID="other")
    index(tmp_path / "lake", tmp_path / "files")
    after = search(tmp_path / "lake")["totals"]
    assert before["series"] > 1
    assert (after["series"], after["studies"], after["patients"]) == (before["series"] + 1, 1, 2)


def test_importing_again_changes_nothing_and_another_release_replaces(tmp_path: Path, few: Path) -> None:
    lake = tmp_path / "lake"
    load(lake, few)
    once = content(lake)
    again = load(lake, few, workers=2)
    assert (again.unchanged, again.added, again.updated, again.removed) == (900, 0, 0, 0)
    assert content(lake) == once
    fewer = index_slice(tmp_path / "ct.parquet", "collection_id = 'rider_lung_ct'")
    replaced = load(lake, fewer)
    assert replaced.series == replaced.rows > 1
    assert replaced.added + replaced.unchanged == replaced.rows
    assert replaced.removed == 900 - replaced.unchanged
    load(tmp_path / "fresh", fewer)
    assert content(lake)["series"] == content(tmp_path / "fresh")["series"]


@pytest.mark.parametrize("when", ["before-engine", "after-engine"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_after_a_killed_import_the_next_one_ends_the_same(tmp_path: Path, few: Path, when: str, number: int) -> None:
    load(tmp_path / "undisturbed", few)
    lake = tmp_path / "lake"
    load(lake, index_slice(tmp_path / "old.parquet", "collection_id = 'rider_lung_ct'"))
    program = (
        "import sys; from pathlib import Path; from indexer.idc import load; from tests.indexer.killed import die_at\n"
        "load.__globals__.update(COMMIT_EVERY=300, ROWS=300); die_at(sys.argv[3], int(sys.argv[4]))\n"
        "load(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    ended = subprocess.run([sys.executable, "-c", program, lake, few, when, str(number)], check=False)
    assert ended.returncode == -9
    load(lake, few)
    assert content(lake)["series"] == content(tmp_path / "undisturbed")["series"]


def test_what_is_no_index_is_refused_in_one_line_and_changes_nothing(tmp_path: Path, few: Path) -> None:
    lake = tmp_path / "lake"
    text, other, cut = tmp_path / "text.parquet", tmp_path / "other.parquet", tmp_path / "cut.parquet"
    text.write_text("no Parquet")
    idc_questions.duckdb.execute(f"COPY (SELECT 1 AS one) TO '{other}' (FORMAT parquet)")
    cut.write_bytes(few.read_bytes()[:-2_000])
    for path, said in ((text, "cannot be read"), (other, "no column"), (cut, "cannot be read"), (tmp_path, "read")):
        with pytest.raises(IndexFileError, match=said) as caught:
            load(lake, path)
        assert "\n" not in caught.value.message
        assert str(path) in caught.value.message
    assert not lake.exists()


def test_damage_inside_an_index_is_one_line_and_keeps_the_lake(tmp_path: Path, few: Path) -> None:
    load(tmp_path / "lake", few)
    damaged = bytearray(few.read_bytes())
    damaged[4 : len(damaged) // 2] = bytes(len(damaged) // 2 - 4)
    (tmp_path / "damaged.parquet").write_bytes(damaged)
    with pytest.raises(IndexFileError, match="is damaged"):
        load(tmp_path / "lake", tmp_path / "damaged.parquet")
    assert search(tmp_path / "lake")["totals"]["series"] == 900


def test_a_lake_with_declared_series_can_be_migrated_without_its_index(tmp_path: Path, few: Path) -> None:
    lake = tmp_path / "lake"
    load(lake, few)
    dicom_file(tmp_path / "files" / "own.dcm", series="1.2.3", Modality="CT")
    index(lake, tmp_path / "files")
    before = content(lake)
    to_another_registry(lake)
    done = migrate(lake)
    assert (done.series, done.instances) == (901, 1)
    assert content(lake) == before
    again = load(lake, few)
    assert (again.unchanged, again.added, again.updated) == (900, 0, 0)
