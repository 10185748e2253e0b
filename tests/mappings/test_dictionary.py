"""The generated tables say what pydicom's dictionaries say, and the committed ones are those that are generated."""

import subprocess
import sys

import pytest
from pydicom._dicom_dict import DicomDictionary
from pydicom._private_dict import private_dictionaries
from pydicom.datadict import private_dictionary_VR
from pydicom.tag import Tag

from mappings import dictionary
from mappings.generate import dictionary as generator


def test_committed_tables_are_the_generated_ones():
    assert (generator.STANDARD / "data-dictionary.json").read_text("utf-8") == generator.public_table()
    assert (generator.STANDARD / "private-dictionary.json").read_text("utf-8") == generator.private_table()
    assert generator.main(["--check"]) == 0


def test_check_tells_a_table_that_is_out_of_date(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generator, "STANDARD", tmp_path)
    assert generator.main(["--check"]) == 1
    assert "data-dictionary.json: out of date, run python -m mappings.generate.dictionary" in capsys.readouterr().out
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0


def test_every_public_element_is_found_by_tag_and_by_keyword():
    for tag, (vr, vm, name, retired, keyword) in DicomDictionary.items():
        assert dictionary.lookup(tag) == (keyword, vr, vm, name, retired == "Retired")
        assert not dictionary.repeats(tag)
        if keyword:
            assert dictionary.tag_of(keyword) == tag


def test_repeating_groups_share_their_keyword():
    assert dictionary.lookup(0x60020010) == dictionary.lookup(0x60000010)
    assert dictionary.lookup(0x60020010).keyword == "OverlayRows"
    assert dictionary.tag_of("OverlayRows") == 0x60000010
    assert dictionary.repeats(0x60020010)
    assert dictionary.lookup(0x002031AB).keyword == "SourceImageIDs"
    assert "OverlayRows" in dictionary.keywords()


@pytest.mark.parametrize("tag", [0x60010010, 0x00091001, 0x00081234, 0x12345678])
def test_private_and_unknown_tags_have_no_entry(tag):
    assert dictionary.lookup(tag) is None
    assert not dictionary.repeats(tag)


def test_unknown_keywords_and_the_empty_one_have_no_tag():
    assert dictionary.tag_of("NoSuchKeyword") is None
    assert dictionary.tag_of("") is None


def test_private_elements_have_the_vr_that_pydicom_gives_them():
    for creator, entries in private_dictionaries.items():
        for masked in entries:
            if masked.endswith("xx"):  # two rows with the mask at the wrong end, which pydicom never finds either
                continue
            group = int(masked[:4].replace("x", "0"), 16)
            element = int(masked[4:].replace("xx", "10"), 16)
            expected = private_dictionary_VR(Tag(group, element), creator).replace("_", " or ")
            assert dictionary.private(creator, group, element).vr == expected


def test_private_elements_are_found_in_any_block_by_creator_only():
    assert dictionary.private("SIEMENS MR HEADER", 0x19, 0x100C).vr == "IS"
    assert dictionary.private("SIEMENS MR HEADER", 0x19, 0xAB0C) == dictionary.private("SIEMENS MR HEADER", 0x19, 0x0C)
    assert dictionary.private("SOMEBODY ELSE", 0x19, 0x100C) is None
    assert dictionary.private("SIEMENS MR HEADER", 0x19, 0x1000) is None


def test_tables_load_in_under_30_ms():
    program = (
        "import json, time; from mappings import dictionary as d; start = time.process_time();"
        "d.lookup(0x00100010); d.private('SIEMENS MR HEADER', 0x19, 0x100C); print(time.process_time() - start)"
    )
    times = [float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(5)]
    assert min(times) < 0.030
