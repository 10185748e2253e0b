"""A query explained: what was read, what each name stands for, what engines get; all of it JSON."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings

from dicomlake.errors import QueryError, UnknownFieldError
from dicomlake.query.explain import explain, plain_query
from dicomlake.query.resolve import resolve
from dicomlake.query.text import parse

from . import strategies

SIEMENS = '(0019,"SIEMENS MR HEADER",0C)'


def test_names_are_told_with_what_they_stand_for_and_where_they_stand() -> None:
    text = f"manufacturer:GE* {SIEMENS}:5 -manufacturer:(A OR B*) _exists_:Manufacturer.canonical (0018,0050):1"
    told = explain(text).plain()["names"]
    maker, private, canonical, thickness = told
    assert maker == {
        "name": "manufacturer",
        "path": "Manufacturer",
        "kind": "string",
        "vr": "LO",
        "label": "Manufacturer",
        "registered": True,
        "private": False,
        "canonical": "Manufacturer.canonical",
        "companion": None,
        "positions": [0, text.index("manufacturer:(")],
    }
    assert (private["path"], private["kind"], private["vr"], private["private"]) == (SIEMENS, "any", None, True)
    assert (canonical["path"], canonical["companion"]) == ("Manufacturer.canonical", "canonical")
    assert canonical["positions"] == [text.index("Manufacturer.canonical")]
    assert (thickness["path"], thickness["vr"], thickness["positions"]) == (
        "SliceThickness",
        "DS",
        [text.index("(0018")],
    )


def test_the_query_is_told_as_it_was_read() -> None:
    assert explain("Modality:(CT OR MR) -StudyDate:[2019 TO *}").plain()["query"] == {
        "node": "and",
        "parts": [
            {"node": "terms", "field": "Modality", "values": ["CT", "MR"], "position": 0, "value_positions": [10, 16]},
            {
                "node": "not",
                "part": {
                    "node": "range",
                    "field": "StudyDate",
                    "low": "2019",
                    "high": None,
                    "include_low": True,
                    "include_high": True,
                    "position": 21,
                    "value_position": 32,
                },
            },
        ],
    }


def test_conditions_are_told_with_the_values_that_tokens_stand_for() -> None:
    told = explain("StudyDate:2019-02 KVP:120 in_study(flair*)").plain()["conditions"]["parts"]
    within, equal, beside = told
    assert (within["low"]["value"], within["high"]["value"]) == ("20190201", "20190301")
    assert (within["include_low"], within["include_high"]) == (True, False)
    assert [token["value"] for token in equal["tokens"]] == [120]
    assert beside["part"]["node"] == "word_like"


def test_the_same_query_written_otherwise_has_the_same_normal_text() -> None:
    assert explain("-Modality:CT  && (lung)").normal == explain("NOT Modality:CT AND lung").normal


def test_the_last_moment_of_the_calendar_has_no_value_to_tell() -> None:
    told = explain("StudyDate:9999").plain()["conditions"]
    assert (told["low"]["value"], told["high"]["value"]) == ("99990101", None)


def test_what_a_search_refuses_is_not_explained() -> None:
    with pytest.raises(UnknownFieldError) as error:
        explain("CT AND Modalty:CT")
    assert error.value.details["nearest"][0] == "Modality"
    assert error.value.position == 7


@given(strategies.hostile)
@settings(max_examples=max(500, settings().max_examples))
def test_any_query_that_is_understood_can_be_explained_as_json(text: str) -> None:
    with suppress(QueryError):
        conditions = resolve(parse(text))
        told = explain(text)
        assert told.resolved == conditions
        assert json.loads(json.dumps(told.plain())) == told.plain()
        assert parse(told.normal) == told.query


@given(strategies.queries)
@settings(max_examples=max(300, settings().max_examples))
def test_every_tree_can_be_told(query: object) -> None:
    assert json.loads(json.dumps(plain_query(query))) == plain_query(query)  # type: ignore[arg-type]
