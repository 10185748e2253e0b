"""The guide's examples: every query of docs/guide/searching.md is understood, every refused one is refused."""

import re
from pathlib import Path

import pytest

from dicomlake.engines.budget import Limits
from dicomlake.errors import QueryError
from dicomlake.query.bounds import Bounds
from dicomlake.query.permalink import SearchState, decode
from dicomlake.query.render import to_text
from dicomlake.query.resolve import resolve
from dicomlake.query.text import MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH, parse
from dicomlake.query.tokens import MAX_ALL_WILDCARDS, MAX_PATTERN, MAX_WILDCARDS

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "searching.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("text", examples("query"))
def test_an_example_is_understood(text: str) -> None:
    query = parse(text)
    resolve(query)
    assert parse(to_text(query)) == query


@pytest.mark.parametrize("text", examples("refused"))
def test_an_example_of_what_is_refused_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        resolve(parse(text))


def test_the_messages_are_those_that_are_shown() -> None:
    shown = [re.split(r" {2,}", line, maxsplit=1) for line in examples("text") if not line.startswith("?")]
    assert len(shown) == 3
    for text, message in shown:
        with pytest.raises(QueryError) as error:
            resolve(parse(text))
        start, cut, _ = message.partition("…")  # the nearest names change with the registry
        assert error.value.message.startswith(start) if cut else error.value.message == message


def test_the_limits_are_those_that_are_enforced() -> None:
    said = " ".join(GUIDE.split())
    assert f"at most {MAX_LENGTH:,} characters, {MAX_CLAUSES} words and values, {MAX_DEPTH} parentheses" in said
    assert (
        f"{MAX_ALL_WILDCARDS} wildcards, of which {MAX_WILDCARDS} in one pattern, which has at most {MAX_PATTERN}"
        in said
    )
    limits = Limits()
    assert f"its time ({limits.seconds:g} seconds)" in said
    assert f"look through ({limits.values // 1_000_000} million)" in said
    assert f"the size of its answer ({limits.size // 1_000_000} MB)" in said


def test_the_link_is_the_search_it_stands_for() -> None:
    (link,) = (line for line in examples("text") if line.startswith("?"))
    parameters: dict[str, list[str]] = {}
    for pair in link[1:].split("&"):
        name, _, value = pair.partition("=")
        parameters.setdefault(name, []).append(value)
    assert decode(parameters) == SearchState(
        q="lung",
        level="study",
        filters={"Modality": ("CT", "MR"), "BodyPartExamined": (None,)},
        sort=("-StudyDate",),
        exclude={"Manufacturer.canonical": ("Philips",)},
        ranges={"SliceThickness": (Bounds("0", "1.5"),), "PatientAge": (Bounds("60", None),)},
    )


def test_the_guide_has_examples_of_everything() -> None:
    assert len(examples("query")) > 50
    assert len(examples("refused")) > 5
