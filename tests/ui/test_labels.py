"""What page.yml names exists."""

from mappings import registry
from ui.labels import head, page, shown
from ui.state import KINDS


def named() -> set[str]:
    content = page()
    levels = content["levels"].values()
    listed = [*content["facets"], *(path for level in levels for path in (*level["columns"], *level["sort"]))]
    lines = [path for lines in content["summary"].values() for paths in lines.values() for path in paths]
    return {path.removeprefix("-") for path in (*listed, *lines)}


def test_every_name_is_a_field_or_a_count_of_the_api():
    for path in named() - set(page()["counts"]):
        assert registry.resolve(path).path == path


def test_every_level_has_columns():
    assert set(page()["levels"]) == set(KINDS)


def test_labels_come_from_the_registry():
    assert shown("ManufacturerModelName").label == "Model"
    assert shown("Manufacturer.canonical").label == "Manufacturer"
    assert head("SliceThickness") == "Slice (mm)"
    assert shown("seriesCount").number


def test_a_name_nobody_knows_is_its_own_label():
    assert shown("Modalty").label == "Modalty"


def test_the_offset_of_a_moment_is_no_moment():
    offset = shown("AcquisitionDateTime.offset")
    assert offset.label != shown("AcquisitionDateTime").label
    assert (offset.vr, offset.number) == (None, False)
