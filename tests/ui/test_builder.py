"""The builder's rows and groups say what the query says, whatever the query."""

import pytest

from dicomlake.query.text import parse
from ui import builder

QUERIES = (
    "",
    "Modality:CT",
    'Modality:(CT OR MR) AND SliceThickness:[0 TO 1.5] AND NOT "low dose"',
    "StudyDate:2019-03 OR StudyDate:[2018 TO *] OR StudyDate:{* TO 2010}",
    "in_study(Modality:PT AND Manufacturer:GE*)",
    "NOT in_study(Modality:PT) AND NOT (Modality:CT OR lung)",
    '(0019,"SIEMENS MR HEADER",0C):1000',
    "RequestAttributesSequence.RequestedProcedureID:P1",
    "SliceThickness:{0 TO 1.5]",
    'Manufacturer.canonical:("GE HealthCare" OR Philips)',
    "NOT _exists_:BodyPartExamined",
    "embol*",
    "Manufacturer:*med* AND Manufacturer:S?E*",
    "NOT NOT Modality:CT",
    r"SeriesDescription:a\*b AND ProtocolName:\"x\"",
)


def meaning(text: str) -> object:
    """The query with phrases as values: for one value of a field both ask the same."""
    return builder.text(builder.tree(text))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_comes_back_from_the_builder(query: str):
    written = builder.text(builder.tree(query))
    assert meaning(written) == meaning(query) == written
    if '"' not in query and "2019-03" not in query:
        assert parse(written) == parse(query)


def test_every_row_of_a_query_has_a_comparison_that_its_kind_knows():
    def rows(part: builder.Part) -> list[builder.Part]:
        return [row for one in part["parts"] for row in rows(one)] if "parts" in part else [part]

    for query in QUERIES:
        for row in rows(builder.tree(query)):
            assert row["op"] in builder.OPERATORS[row["kind"]], (query, row)


def row(field: str, op: str, *values: str) -> builder.Part:
    return {"field": field, "op": op, "values": list(values)}


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (row("Manufacturer.canonical", "is", "GE HealthCare"), 'Manufacturer.canonical:"GE HealthCare"'),
        (row("Manufacturer", "is_not", "NOT"), 'NOT Manufacturer:"NOT"'),
        (row("Modality", "one_of", "CT", "MR", "CT"), "Modality:(CT OR MR)"),
        (row("StudyDate", "before", "2019"), "StudyDate:[* TO 2019}"),
        (row("StudyDate", "is", "2019-03"), "StudyDate:2019-03"),
        (row("ManufacturerModelName", "begins", "SOMATOM Def*"), r"ManufacturerModelName:SOMATOM\ Def\**"),
        (row("SliceThickness", "between", "0", "1.5"), "SliceThickness:[0 TO 1.5]"),
        (row("SliceThickness", "between", "0"), ""),
        (row("", "words", "low dose"), '"low dose"'),
        (row("", "is", "x"), ""),
        (row("SliceThickness", "is", " "), ""),
    ],
)
def test_a_row_is_written_as_the_engine_reads_it(part: builder.Part, text: str):
    written = builder.text({"join": "and", "not": False, "study": False, "parts": [part]})
    assert written == text
    parse(written)
