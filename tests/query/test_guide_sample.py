"""The guide's examples find something in the sample archive, and as much as was planted there."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sample
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest
from indexer.flow import run as index
from indexer.sources.folder import folders

from .questions import fold, in_a_row
from .test_guide import examples

Attributes = dict[str, Any]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Searcher, list[tuple[str, Attributes]]]]:
    """The searcher of the archive that ``dicomlake sample`` writes, and every instance planted: its series and what it
    holds, from the truth file alone."""
    folder = tmp_path_factory.mktemp("guide")
    sample.write(folder / "archive")
    index(folder / "lake", folders([str(folder / "archive")]))
    truth = json.loads((folder / "archive.truth.json").read_text(encoding="utf-8"))
    common = {one["SeriesInstanceUID"]: one["attributes"] for one in truth["series"]}
    planted = [
        (
            file["SeriesInstanceUID"] or file["path"],
            file["attributes"] if file.get("whole") else common[file["SeriesInstanceUID"]] | file["attributes"],
        )
        for file in truth["files"]
        if file["outcome"] == "indexed"
    ]
    with Lake.open(folder / "lake") as lake:
        yield Searcher(lake), planted


def series(archive: tuple[Searcher, object], text: str) -> int:
    found: int = archive[0].run(SearchRequest(q=text, limit=0))["totals"]["series"]
    return found


@pytest.mark.parametrize("text", examples("query"))
def test_an_example_of_the_guide_finds_something(archive: tuple[Searcher, object], text: str) -> None:
    assert 0 < series(archive, text) <= series(archive, "")


def test_most_examples_of_the_guide_choose(archive: tuple[Searcher, object]) -> None:
    everything = series(archive, "")
    found = [series(archive, text) for text in examples("query")]
    assert sum(0 < number < everything / 2 for number in found) > 0.8 * len(found)


def values(attributes: Attributes, path: str) -> list[Any]:
    """All values at a path; those of sequences over all items."""
    if path in attributes:
        found = attributes[path]
        return [one for one in (found if isinstance(found, list) else [found]) if one not in (None, "")]
    head, _, rest = path.partition(".")
    return [value for item in attributes.get(head) or () for value in values(item, rest)] if rest else []


def numbers(attributes: Attributes, path: str) -> list[float]:
    """The numbers at a path; of enhanced objects those in the functional groups, which count as their own."""
    groups = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    lifted = [one for group in groups for item in attributes.get(group) or () for one in anywhere(item, path)]
    return [value for value in (*values(attributes, path), *lifted) if isinstance(value, int | float)]


def anywhere(attributes: Attributes, keyword: str) -> Iterator[Any]:
    """The values of an attribute, however deep it lies."""
    yield from values(attributes, keyword)
    for value in attributes.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                yield from anywhere(item, keyword)


PLANTED: dict[str, Callable[[Attributes], bool]] = {
    "Modality:CT": lambda a: "CT" in values(a, "Modality"),
    "Modality:(CT OR PT)": lambda a: bool({"CT", "PT"} & set(values(a, "Modality"))),
    "Modality:(MR -PR)": lambda a: "MR" in values(a, "Modality"),
    "PatientAge:060Y": lambda a: "060Y" in values(a, "PatientAge"),
    'Manufacturer:"GE MEDICAL SYSTEMS"': lambda a: "GE MEDICAL SYSTEMS" in values(a, "Manufacturer"),
    "Manufacturer:GE*": lambda a: any(fold(one).startswith("ge") for one in values(a, "Manufacturer")),
    "SliceThickness:[0 TO 1.5]": lambda a: any(0 <= one <= 1.5 for one in numbers(a, "SliceThickness")),
    "SliceThickness:(1 OR 1.25)": lambda a: bool({1, 1.25} & set(numbers(a, "SliceThickness"))),
    "SliceLocation:[-20.5 TO -5]": lambda a: any(-20.5 <= one <= -5 for one in numbers(a, "SliceLocation")),
    "RepetitionTime:>=1000": lambda a: any(one >= 1000 for one in numbers(a, "RepetitionTime")),
    "(0018,0050):5": lambda a: 5 in numbers(a, "SliceThickness"),
    "StudyDate:2019": lambda a: any(one[:4] == "2019" and one[4:6] < "13" for one in values(a, "StudyDate")),
    "StudyDate:2019-01": lambda a: any(one[:6] == "201901" for one in values(a, "StudyDate")),
    "StudyDate:[2018 TO 2019-06]": lambda a: any("20180101" <= one <= "20190630" for one in values(a, "StudyDate")),
    "StudyTime:[10:00 TO 11:00}": lambda a: any("10" <= one < "11" for one in values(a, "StudyTime")),
    "_exists_:ContrastBolusAgent": lambda a: bool(values(a, "ContrastBolusAgent")),
    "StudyInstanceUID:2.25.*": lambda a: True,
    "StationName:GNACT?": lambda a: any(one[:-1] == "GNACT" for one in values(a, "StationName")),
    "SeriesDescription:*flair*": lambda a: any("flair" in fold(one) for one in values(a, "SeriesDescription")),
    "PatientName:ashdown^george": lambda a: any(in_a_row("ashdown george", one) for one in values(a, "PatientName")),
    'StudyDescription:"TC RENAL BAJA DOSIS (litiasis)"': lambda a: any(
        in_a_row("tc renal baja dosis litiasis", one) for one in values(a, "StudyDescription")
    ),
    "ProcedureCodeSequence.CodeMeaning:torax": lambda a: any(
        in_a_row("torax", one) for one in values(a, "ProcedureCodeSequence.CodeMeaning")
    ),
    '(0019,"SIEMENS MR HEADER",0C):1000': lambda a: 1000 in values(a, '(0019,"SIEMENS MR HEADER",0C)'),
    '(0019,"SIEMENS MR HEADER",0C):[500 TO 1500]': lambda a: any(
        500 <= one <= 1500 for one in numbers(a, '(0019,"SIEMENS MR HEADER",0C)')
    ),
    '_exists_:(0043,"GEMS_PARM_01",39)': lambda a: bool(values(a, '(0043,"GEMS_PARM_01",39)')),
}
"""Examples of the guide, and what a planted instance holds that they find."""


@pytest.mark.parametrize("text", PLANTED)
def test_an_example_of_the_guide_finds_as_many_series_as_were_planted(
    archive: tuple[Searcher, list[tuple[str, Attributes]]], text: str
) -> None:
    assert text in examples("query")
    assert series(archive, text) == len({uid for uid, attributes in archive[1] if PLANTED[text](attributes)})
