"""The engines' schemas hold what the registry counts, sorts and shows, and do not grow with the data."""

import json

from mappings import schemas
from mappings.registry import load


def properties():
    return schemas.opensearch_template()["template"]["mappings"]["properties"]


def test_columns_are_what_is_counted_sorted_or_shown_and_their_companions():
    columns = schemas.embedded_columns()
    assert len(set(columns)) == len(columns)
    expected = [f.keyword for f in load().fields if f.facet or f.histogram or f.column or f.identity]
    companions = ("PatientSex.canonical", "Modality.group", "BodyPartExamined.canonical")
    companions += ("BodyPartExamined.laterality", "Manufacturer.canonical")
    assert [path for path in columns if path not in companions] == expected
    assert tuple(path for path in columns if path in companions) == companions
    assert len(columns) <= 200  # each costs in every segment and every document
    assert {"quality", "source", "instanceCount", "bytes", "fileSize", "SOPInstanceUID"} <= set(columns)


def test_opensearch_has_a_keyword_field_a_column_and_64_slots():
    fields = properties()
    for path in schemas.embedded_columns():
        assert fields[schemas.field_name(path)]["type"] == "keyword"
    slots = [name for name in fields if name.startswith("s:")]
    assert slots == [schemas.slot_name(slot) for slot in range(schemas.SLOTS)]
    assert schemas.SLOTS == 64


def test_opensearch_finds_words_of_text_fields_and_folded_values_of_strings():
    fields = properties()
    assert fields[schemas.words_name("SeriesDescription")]["analyzer"] == "whitespace"
    assert fields[schemas.folded_name("Manufacturer.canonical")]["type"] == "keyword"
    assert schemas.words_name("Manufacturer") not in fields
    assert schemas.folded_name("SliceThickness") not in fields


def test_opensearch_refuses_fields_the_template_does_not_name():
    mappings = schemas.opensearch_template()["template"]["mappings"]
    assert mappings["dynamic"] == "strict"
    assert not any("." in name for name in mappings["properties"])
    assert len(mappings["properties"]) < 1_000  # index.mapping.total_fields.limit
    assert len(json.dumps(mappings)) < 40_000


def test_schemas_carry_the_hash_of_the_registry():
    assert schemas.opensearch_template()["_meta"]["registry"] == load().hash
