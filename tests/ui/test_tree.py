"""Instance documents as header trees."""

import re
from typing import Any

from tests.ui.served import Served
from ui import tree

PRIVATE_CREATOR = re.compile(r"\(...[13579BDF],00[1-9A-F].\)")


def by_key(nodes: list[tree.Node]) -> dict[str, tree.Node]:
    return {node["key"]: node for node in nodes}


def document(**attributes: Any) -> dict[str, Any]:
    """An instance document with these attributes and the fields Dicomlake adds."""
    own = {"location": "/a.dcm", "source": "a", "fileSize": 9, "headerHash": "00", "patientKey": ":1", "vr": {}}
    return {**attributes, **own}


def test_attributes_carry_tag_name_and_vr():
    (node,) = tree.nodes(document(SliceThickness=1.25))
    assert node == {
        "key": "SliceThickness", "address": "(0018,0050)", "name": "Slice Thickness", "vr": "DS", "value": "1.25",
        "path": "SliceThickness", "values": ["1.25"],
    }  # fmt: skip


def test_raw_and_canonical_value_stand_side_by_side():
    content = {
        "Manufacturer": "SIEMENS",
        "Manufacturer.canonical": "Siemens Healthineers",
        "Manufacturer.rule": "siemens",
    }
    (node,) = tree.nodes(document(**content))
    assert (node["value"], node["canonical"], node["rule"]) == ("SIEMENS", "Siemens Healthineers", "siemens")


def test_an_empty_attribute_has_no_value():
    (node,) = tree.nodes(document(AccessionNumber=None))
    assert node["value"] is None


def test_several_values_are_joined_as_the_standard_does():
    (node,) = tree.nodes(document(PixelSpacing=[0.5, 0.5]))
    assert node["value"] == "0.5 \\ 0.5"


def test_sequences_fold_their_items():
    items = [{"CodeValue": "24627-2", "CodeMeaning": "Chest CT"}, {"CodeValue": "X"}]
    (node,) = tree.nodes(document(ProcedureCodeSequence=items))
    assert node["value"] == "2 items"
    assert [item["key"] for item in node["children"]] == ["Item 1", "Item 2"]
    assert [leaf["value"] for leaf in node["children"][0]["children"]] == ["24627-2", "Chest CT"]
    assert tree.count([node]) == 4


def test_private_attributes_stand_below_their_creator_with_the_name_the_dictionary_has():
    content = {
        "(0019,0010)": "SIEMENS MR HEADER",
        '(0019,"SIEMENS MR HEADER",0C)': 1000,
        '(0019,"",1234)': "lost",
        '(0029,"SIEMENS CSA HEADER",10)': {"length": 11532, "sha256": "ab" * 32},
    }
    found = by_key(tree.nodes(document(**content)))
    assert list(found) == ["SIEMENS MR HEADER", "No private creator", "SIEMENS CSA HEADER"]
    (b_value,) = found["SIEMENS MR HEADER"]["children"]
    assert (b_value["key"], b_value["address"], b_value["value"]) == ("B_value", "(0019,xx0C)", "1000")
    assert found["No private creator"]["children"][0]["address"] == "(0019,1234)"


def test_values_too_large_to_show_are_described():
    binary, long_, numbers = tree.nodes(
        document(
            FileMetaInformationVersion={"InlineBinary": "AAE="},
            IconImageSequence={"length": 4096, "sha256": "cd" * 32},
            RedPaletteColorLookupTableData={"count": 300, "min": 1, "max": 9, "sha256": "", "first": [1, 2]},
        )
    )
    assert (binary["value"], binary["note"]) == ("2 bytes: 00 01", True)
    assert long_["value"].startswith("4,096 bytes, SHA-256 cdcdcd")
    assert numbers["value"] == "300 values, 1 to 9: 1 \\ 2 \\ …"


def test_a_value_that_breaks_its_vr_says_so():
    quality = [{"code": "invalid-value", "path": "PatientBirthDate", "detail": "19xx is no date"}]
    (node,) = tree.nodes(document(PatientBirthDate="19xx") | {"quality": quality})
    assert (node["value"], node["issue"]) == ("19xx", "19xx is no date")


def test_a_sequence_of_thousands_shows_its_beginning():
    (node,) = tree.nodes(document(PerFrameFunctionalGroupsSequence=[{"StackID": "1"}] * 5_000))
    assert node["value"] == "5,000 items"
    assert len(node["children"]) == 201
    assert node["children"][-1]["value"] == "4,800 more items, not shown here"


def test_the_tree_of_a_real_header_holds_every_attribute_of_its_document(lake: Served):
    hits = lake.search(level="instance", limit=300)["hits"]
    assert hits
    for hit in hits[:: max(1, len(hits) // 25)]:
        content = lake.instance(hit["SOPInstanceUID"])
        nodes = tree.nodes(content)
        assert tree.count(nodes) == attributes(content)


def attributes(content: dict[str, Any]) -> int:
    """Attributes of a document and of the items below, counted without the tree; private creators are its headings."""
    total = 0
    for key, value in content.items():
        if (key[0].islower() and key != "dBdt") or ("." in key and key[0] != "(") or PRIVATE_CREATOR.fullmatch(key):
            continue
        items = value if isinstance(value, list) else []
        total += 1 + sum(attributes(item) for item in items if isinstance(item, dict))
    return total
