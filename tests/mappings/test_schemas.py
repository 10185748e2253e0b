"""The engines' schemas hold what the registry counts, sorts and shows, and do not grow with the data."""

import json

from mappings import schemas
from mappings.normal import fold, text_token
from mappings.registry import GENERATED, load
from mappings.schemas import BETWEEN


def documents():
    return schemas.opensearch_templates()["documents"]["template"]


def properties():
    return documents()["mappings"]["properties"]


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
    slots = [name for name in fields if name.startswith("a_")]
    assert slots == [schemas.slot_name(slot) for slot in range(schemas.SLOTS)]
    assert schemas.SLOTS == 64


def test_opensearch_analyses_nothing_but_splits_what_was_joined():
    analysed = {name: field["analyzer"] for name, field in properties().items() if field["type"] == "text"}
    assert analysed == {"w": "words", "all": "words", "e": "words", "f": "folded"}
    analysis = documents()["settings"]["index"]["analysis"]
    assert analysis["analyzer"] == {name: {"type": "custom", "tokenizer": name} for name in ("words", "folded")}
    assert analysis["tokenizer"]["words"]["type"] == "whitespace"
    assert analysis["tokenizer"]["folded"]["type"] == "char_group"
    assert analysis["tokenizer"]["folded"]["tokenize_on_chars"] == [BETWEEN]
    assert BETWEEN not in fold(BETWEEN) + text_token(fold("x" * 99_999))


def test_opensearch_refuses_fields_the_templates_do_not_name():
    for template in schemas.opensearch_templates().values():
        mappings = template["template"]["mappings"]
        assert mappings["dynamic"] == "strict"
        assert not any("." in name for name in mappings["properties"])
        assert len(mappings["properties"]) < 1_000  # index.mapping.total_fields.limit
        assert len(json.dumps(mappings)) < 40_000


def test_schemas_carry_the_hash_of_the_registry():
    for name in ("opensearch_templates", "embedded_schema"):
        assert json.loads((GENERATED / f"{name}.json").read_text())["hash"] == load().hash
