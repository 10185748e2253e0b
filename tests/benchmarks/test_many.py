from itertools import islice
from pathlib import Path

from benchmarks import many
from dicomlake.headers import read_file


def test_an_archive_has_exactly_the_instances_asked_for() -> None:
    for instances in (1, 399, 12_345):
        assert sum(series.size for series in many.plan(instances)) == instances


def test_series_are_small_and_large_and_share_studies_and_patients() -> None:
    series = list(islice(many.plan(1_000_000), 1_000))
    sizes = [one.size for one in series]
    assert min(sizes) == 1
    assert 300 < max(sizes) <= many.MOST_INSTANCES
    assert len({one.number for one in series}) == 1_000
    assert len({one.patient for one in series}) < len({one.study for one in series}) < 1_000


def test_the_same_archive_comes_again() -> None:
    assert list(many.plan(2_000)) == list(many.plan(2_000))
    series = many.Planned(number=5, study=2, patient=1, size=3)
    assert list(many.contents(series)) == list(many.contents(series))


def test_files_are_sound_and_differ_as_instances_of_a_series_do(tmp_path: Path) -> None:
    planned = list(many.plan(300))
    assert many.write(tmp_path / "files", planned) == 300
    headers = [read_file(path) for path in sorted((tmp_path / "files").iterdir())]
    assert not any(header.issues for header in headers)
    assert all(70 <= len(header.attributes) <= 170 for header in headers)
    assert len({header.attributes["SOPInstanceUID"] for header in headers}) == 300
    assert len({header.attributes["SeriesInstanceUID"] for header in headers}) == len(planned)
    largest = max(planned, key=lambda one: one.size)
    of_it = [h.attributes for h in headers if h.attributes["SOPInstanceUID"].split(".")[-3] == str(largest.number)]
    assert [one["InstanceNumber"] for one in of_it] == list(range(1, largest.size + 1))
    assert len({one["SliceLocation"] for one in of_it}) == largest.size
