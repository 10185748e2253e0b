"""Faults of Tantivy that cannot occur, because nothing is indexed in a form that has them."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.schema import decode_key, encode_key, escape_key
from dicomlake.engines.strategies import COLUMNS, ODD_PATHS
from mappings.normal import TEXT_LIMIT, fold, number_token, text_token

FORBIDDEN = {"f64", "date", "i64", "bool", "ip_addr", "facet"}
"""Types with traps of their own: ranges with a mixed pair of bounds, orders by key, seconds, statistics in doubles."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("layout") / "index"
    engine = EmbeddedEngine(folder, COLUMNS, write=True)
    engine.commit()
    engine.close()
    found: list[dict[str, Any]] = orjson.loads(Path(folder / "meta.json").read_bytes())["schema"]
    return found


def test_values_are_in_no_numeric_or_date_field(schema: list[dict[str, Any]]) -> None:
    assert {field["type"] for field in schema} & FORBIDDEN == set()
    unsigned = {field["name"] for field in schema if field["type"] == "u64"}
    assert unsigned == {"series_hash", "study_hash", "patient_hash", "instances", "size"}


def test_no_fast_field_has_a_tokenizer_of_its_own(schema: list[dict[str, Any]]) -> None:
    fast = [field for field in schema if field["type"] in ("text", "json_object") and field["options"].get("fast")]
    assert {"uid", "a"} <= {field["name"] for field in fast}
    for field in fast:
        assert field["options"]["indexing"]["tokenizer"] == "raw"
        assert field["options"]["fast"] in (True, {"with_tokenizer": "raw"})


def test_no_field_has_norms(schema: list[dict[str, Any]]) -> None:
    options = [field["options"] for field in schema]
    options += [one["indexing"] for one in options if isinstance(one.get("indexing"), dict)]
    assert [one["fieldnorms"] for one in options if "fieldnorms" in one].count(False) > len(schema) / 2
    assert not any(one.get("fieldnorms") for one in options)


def test_dots_in_keys_do_not_open_json_objects(schema: list[dict[str, Any]]) -> None:
    objects = [field["options"] for field in schema if field["type"] == "json_object"]
    assert len(objects) == 3
    assert not any(options.get("expand_dots_enabled") for options in objects)


@given(st.text(max_size=20) | st.sampled_from(ODD_PATHS), st.text(max_size=20) | st.sampled_from(ODD_PATHS))
def test_keys_of_two_paths_differ_and_hold_nothing_that_means_something(one: str, other: str) -> None:
    for path in (one, other):
        key = encode_key(path)
        assert key.isascii()
        assert set(key) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_%")
        assert escape_key(key).replace("\\%", "%") == key
        assert decode_key(key) == path
    assert (encode_key(one) == encode_key(other)) == (one == other)


@given(st.text(max_size=30), st.integers(0, 3_000))
def test_no_token_is_as_long_as_an_engine_drops_or_refuses(piece: str, times: int) -> None:
    for text in (piece * times, fold(piece * times)):
        assert len(text_token(text).encode("utf-8", "surrogatepass")) <= TEXT_LIMIT + 1 < 32_766


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 2**80 + 2**20, 10**400])
def test_what_would_index_nothing_is_no_token(value: float) -> None:
    with pytest.raises(ValueError, match=r"finite|range|64 bits"):
        number_token(value)


@given(st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_one_string_for_integers_and_floats(value: float) -> None:
    token = number_token(value)
    assert isinstance(token, str)
    assert len(token) == 21
    if isinstance(value, int) and float(value) == value and abs(value) < 2**53:
        assert number_token(float(value)) == token
