"""The summary of codes and the values without a rule, against a count by hand of every kept header."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import sample
from dicomlake.documents import declared
from dicomlake.documents.instance import Origin
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.update import SEVERAL_PATIENTS
from dicomlake.errors import QueryError
from dicomlake.headers.quality import codes as known_codes
from dicomlake.lake import Lake
from dicomlake.search import Searcher, quality, service
from dicomlake.search.request import SearchRequest
from indexer.flow import run
from indexer.sources.folder import folders
from mappings import site
from mappings.canonical import merged, tables
from tests.builders import dicom_file


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The sample archive, and files of makers and parts that nobody knows."""
    folder = tmp_path_factory.mktemp("quality")
    sample.write(folder / "archive", 3)
    odd = [
        {"Manufacturer": "Acme Röntgen", "BodyPartExamined": "LEFT WIDGET", "Modality": "QQ"},
        {"Manufacturer": "ACME RONTGEN GmbH", "BodyPartExamined": "WIDGET R", "PatientSex": "U"},
        {"Manufacturer": "Acme-Röntgen", "BodyPartExamined": ["WIDGET", "KNEE"]},
        {"Manufacturer": "yes", "BodyPartExamined": "-", "StudyDate": "20171345"},
    ]
    for number, attributes in enumerate(odd):
        for instance in range(2):
            path = folder / "archive" / f"odd-{number}-{instance}.dcm"
            dicom_file(path, uid=f"1.8.{number}.{instance}", series=f"1.8.{number}", **attributes)
    run(folder / "lake", folders([folder / "archive"]))
    with Lake.open(folder / "lake") as opened:
        yield opened


@pytest.fixture(scope="module")
def search(lake: Lake) -> Searcher:
    return Searcher(lake)


@pytest.fixture(scope="module")
def bodies(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    """All documents, by series."""
    kept = lake.engine.kept([member.uid for member in lake.engine.scan("series")])
    decoded = {series: KeptSeries.decode(content) for series, content in kept.items()}
    return {series: [one.body(uid) for uid in one.instances] for series, one in decoded.items()}


def counted(bodies: dict[str, list[dict[str, Any]]], values: Any) -> dict[str, tuple[int, int]]:
    """Instances and series by value."""
    instances: dict[str, int] = defaultdict(int)
    series: dict[str, set[str]] = defaultdict(set)
    for uid, documents in bodies.items():
        for body in documents:
            for value in set(values(body)):
                instances[value] += 1
                series[value].add(uid)
    return {value: (instances[value], len(series[value])) for value in instances}


def raw(body: dict[str, Any], keyword: str) -> list[str]:
    value = body.get(keyword)
    return [one for one in (value if isinstance(value, list) else [value]) if one]


def test_codes_are_counted_exactly_and_explained(search: Searcher, bodies: dict[str, list[dict[str, Any]]]) -> None:
    found = quality.codes(search)
    expected = counted(bodies, lambda body: [issue["code"] for issue in body.get("quality", ())])
    patients = defaultdict(set)
    for documents in bodies.values():
        for body in documents:
            patients[body["StudyInstanceUID"]].add(body["patientKey"])
    divided = {study for study, found in patients.items() if len(found) > 1}  # the sample has one on purpose
    places = [{body["StudyInstanceUID"] for body in documents} for documents in bodies.values()]
    expected[SEVERAL_PATIENTS] = (0, sum(not studies.isdisjoint(divided) for studies in places))
    assert {one["code"]: (one["instances"], one["series"]) for one in found} == expected
    assert len(expected) >= 5
    assert [one["instances"] for one in found] == sorted((one["instances"] for one in found), reverse=True)
    for one in found:
        about = known_codes()[one["code"]]
        assert (one["title"], one["description"], one["standard"]) == (about.title, about.description, about.standard)


def test_each_code_has_an_example_that_has_it(search: Searcher) -> None:
    for one in quality.codes(search):
        example = one["example"]
        body = search.instance(example["SOPInstanceUID"])
        assert body["location"] == example["location"]
        if one["code"] == SEVERAL_PATIENTS:
            found = search.run(SearchRequest(q=f"quality:{SEVERAL_PATIENTS}", level="series"))["hits"]
            assert body["SeriesInstanceUID"] in [hit["SeriesInstanceUID"] for hit in found]
            continue
        issue = {"code": one["code"], "path": example["path"], "detail": example["detail"]}
        assert issue in body["quality"]


def test_a_query_narrows_the_summary(search: Searcher) -> None:
    found = {one["code"]: one for one in quality.codes(search, "Manufacturer:yes")}
    assert (found["bad-date"]["instances"], found["bad-date"]["series"]) == (2, 1)
    assert found["bad-date"]["example"]["path"] == "StudyDate"
    assert found["bad-date"]["example"]["SOPInstanceUID"].startswith("1.8.3.")
    assert quality.codes(search, "Manufacturer:nobody") == []
    with pytest.raises(QueryError):
        quality.codes(search, "Manufacturer:(")


def test_values_without_a_rule_are_counted_exactly(search: Searcher, bodies: dict[str, list[dict[str, Any]]]) -> None:
    found = {one["field"]: one for one in quality.unmapped(search)}
    assert {field: one["table"] for field, one in found.items()} == {
        "PatientSex": "sex",
        "Modality": "modality_group",
        "BodyPartExamined": "body_part",
        "Manufacturer": "manufacturers",
    }
    for field, one in found.items():
        table = tables()[one["table"]]
        expected = {
            value: number
            for value, number in counted(bodies, lambda body, field=field: raw(body, field)).items()
            if table.find(value) is None
        }
        assert {value["value"]: (value["instances"], value["series"]) for value in one["values"]} == expected
    assert {value["value"] for value in found["BodyPartExamined"]["values"]} >= {"LEFT WIDGET", "WIDGET", "-"}
    assert "KNEE" not in {value["value"] for value in found["BodyPartExamined"]["values"]}
    assert [value["value"] for value in found["Modality"]["values"]] == ["QQ"]


def test_no_limit_of_facets_makes_counts_end_early(
    search: Searcher, bodies: dict[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quality.unmapped(search), quality.codes(search)
    monkeypatch.setattr(quality, "MAX_FACET_LIMIT", 1)
    assert (quality.unmapped(search), quality.codes(search)) == whole
    assert service.MAX_FACET_LIMIT > 1


def test_rules_to_edit_give_every_value_with_letters_a_rule(search: Searcher) -> None:
    found = quality.unmapped(search)
    rules = quality.rules_to_edit(found)
    loaded = merged(site.read(yaml.safe_dump(rules, allow_unicode=True), tables()))
    for one in found:
        for value in one["values"]:
            assert (loaded[one["table"]].find(value["value"]) is None) == (value["value"] == "-")
    assert rules["manufacturers"]["yes"] == {"names": ["yes"], "note": "yes: 2 instances"}
    assert len([key for key in rules["manufacturers"] if "acme" in key.casefold()]) == 1
    assert loaded["body_part"].find("WIDGET LEFT").value == "WIDGET"
    assert loaded["body_part"].split("WIDGET LEFT", "laterality") == "L"


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8), st.sampled_from(sorted(tables())))
def test_any_values_make_rules_that_load(values: list[str], table: str) -> None:
    missing = [value for value in values if tables()[table].find(value) is None]
    found = [{"table": table, "values": [{"value": value, "instances": 1} for value in missing]}]
    text = yaml.safe_dump(quality.rules_to_edit(found), allow_unicode=True)
    loaded = merged(site.read(text, tables()))[table]
    for value in missing:
        assert (loaded.find(value) is None) == (not loaded.bare(value))


def test_a_code_of_a_series_that_an_index_declares_has_no_example(tmp_path: Path) -> None:
    with Lake.open_for_writing(tmp_path / "lake") as writing:
        attributes = {"SeriesInstanceUID": "1.2.3", "StudyInstanceUID": "1.2", "PatientAge": "of age"}
        alone = declared.single(attributes, {"source": "idc", "declared": "idc"})
        writing.engine.put([declared.record([], alone, Origin("idc"), 5, 1_000, writing.engine.encoder)])
        writing.engine.commit()
    with Lake.open(tmp_path / "lake") as lake:
        (found,) = quality.codes(Searcher(lake))
    assert (found["code"], found["series"], found["instances"], found["example"]) == ("bad-age", 1, 0, None)
