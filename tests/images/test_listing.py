import math
from typing import Any

import pytest
from pydicom.uid import UID_dictionary

from dicomlake.images.listing import listing, without

IMAGE_CLASS = "1.2.840.10008.5.1.4.1.1.2"


def document(number: int, **attributes: Any) -> dict[str, Any]:
    """The document of a CT slice."""
    usual = {
        "SOPInstanceUID": f"1.2.{number}", "SOPClassUID": IMAGE_CLASS, "Modality": "CT", "InstanceNumber": number,
        "Rows": 10, "Columns": 20, "PhotometricInterpretation": "MONOCHROME2", "location": "/nowhere",
        "headerHash": "0",
    }  # fmt: skip
    return {key: value for key, value in {**usual, **attributes}.items() if value is not None}


def numbers(*documents: dict[str, Any]) -> list[int | None]:
    return [image.number for image in listing(documents).images]


def slices(*places: tuple[float, float, float], turned: Any = (1, 0, 0, 0, 1, 0)) -> list[dict[str, Any]]:
    return [
        document(n, ImagePositionPatient=list(place), ImageOrientationPatient=list(turned))
        for n, place in enumerate(places, 1)
    ]


def test_slices_stand_in_the_order_of_their_places() -> None:
    assert numbers(*slices((0, 0, 5), (0, 0, -5), (0, 0, 0))) == [2, 3, 1]


def test_the_place_is_along_the_normal_however_the_stack_is_turned() -> None:
    half = math.sqrt(0.5)
    oblique = slices((0, 3, 3), (0, 1, 1), (9, 2, 2), turned=(1, 0, 0, 0, half, -half))
    found = listing(oblique)
    assert [image.number for image in found.images] == [2, 3, 1]
    assert [image.position for image in found.images] == [round(n * 2 * half, 3) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "change",
    [
        {"ImagePositionPatient": None}, {"ImageOrientationPatient": [0, 1, 0, 0, 0, 1]},
        {"ImageOrientationPatient": "bad"}, {"ImagePositionPatient": [1, 2]}, {"ImagePositionPatient": [1, "x", 2]},
    ],
)  # fmt: skip
def test_what_is_no_stack_stands_in_the_order_of_its_numbers(change: dict[str, Any]) -> None:
    first, second, third = slices((0, 0, 5), (0, 0, -5), (0, 0, 0))
    found = listing([third, second, {**first, **change}])
    assert ([image.number for image in found.images], found.order) == ([1, 2, 3], "number")


def test_images_without_a_number_come_last() -> None:
    assert numbers(document(2), document(9, InstanceNumber=None), document(1)) == [1, 2, None]


def test_the_middle_stands_for_the_series_and_a_label_never_does() -> None:
    assert listing([document(n) for n in range(1, 6)]).thumbnail == 2
    tiles = [document(n, ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]) for n in range(1, 4)]
    label = document(2, SOPInstanceUID="1.9", ImageType=["ORIGINAL", "PRIMARY", "LABEL", "NONE"])
    overview = document(9, SOPInstanceUID="1.8", ImageType=["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"])
    for documents, expected in (([*tiles, label], {"1.2.1", "1.2.2", "1.2.3"}), ([*tiles, label, overview], {"1.8"})):
        found = listing(documents)
        assert found.images[found.thumbnail].instance in expected


def test_presets_are_for_ct_alone_and_windows_for_grey() -> None:
    assert [one.source for one in listing([document(1)]).windows][:2] == ["values", "preset"]
    assert [one.window for one in listing([document(1, Modality="MR")]).windows] == ["auto"]
    assert listing([document(1, PhotometricInterpretation="RGB")]).windows == []


def test_windows_that_are_none_are_left_out() -> None:
    found = listing([document(1, WindowCenter=[40, "x", 50], WindowWidth=[400, 100, 0])])
    assert [one.window for one in found.windows if one.source == "header"] == ["header:0"]
    group = {"FrameVOILUTSequence": [{"WindowCenter": 7, "WindowWidth": 9, "WindowCenterWidthExplanation": "OWN"}]}
    found = listing([document(1, WindowCenter=40, WindowWidth=400, SharedFunctionalGroupsSequence=[group])])
    assert (found.windows[0].label, found.windows[0].center) == ("OWN", 7)


def test_a_series_that_an_index_declares_is_elsewhere() -> None:
    assert listing([], declared=True).missing().code == "not-at-hand"  # type: ignore[union-attr]


def test_an_image_beside_a_report_is_listed_alone() -> None:
    report = document(1, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Rows=None)
    assert numbers(report, document(2)) == [2]
    assert listing([report]).none is not None


def test_the_table_of_kinds_takes_no_image_for_something_else() -> None:
    storage = {
        uid: entry[0] for uid, entry in UID_dictionary.items()
        if entry[1] == "SOP Class" and uid.startswith("1.2.840.10008.5.1.4.1.1.") and "Image Storage" in entry[0]
    }  # fmt: skip
    assert len(storage) > 40
    assert [name for uid, name in storage.items() if without(document(1, SOPClassUID=uid)) is not None] == []


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.11", "a structured report"), ("1.2.840.10008.5.1.4.1.1.88.59", "a key object"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "a PDF document"), ("1.2.840.10008.5.1.4.1.1.9.1.1", "a waveform"),
        ("1.2.840.10008.5.1.4.1.1.481.3", "an RT structure set"), ("1.2.840.10008.5.1.4.1.1.481.5", "an RT plan"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "a presentation state"), ("1.2.840.10008.5.1.4.1.1.4.2", "MR spectra"),
        ("1.2.840.10008.5.1.4.1.1.66", "raw data"), ("1.2.840.10008.5.1.4.1.1.66.5", "a surface segmentation"),
    ],
)  # fmt: skip
def test_what_has_no_picture_is_named(uid: str, words: str) -> None:
    error = without(document(1, SOPClassUID=uid))
    assert error is not None
    assert words in error.message


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.481.2", "1.2.3", ""])
def test_what_may_have_a_picture_is_tried(uid: str) -> None:
    assert without(document(1, SOPClassUID=uid)) is None
