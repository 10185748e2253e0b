from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dicomlake.errors import NoPictureError, NotFoundError, UndecodableError
from tests.builders import data_set, write
from tests.images.builders import image, pixels, png, ramp

COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)


def item(**attributes: object) -> Dataset:
    found = Dataset()
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def test_the_window_of_the_header_is_the_default(tmp_path: Path) -> None:
    shown = pixels(image(ramp(), WindowCenter=0, WindowWidth=1_000), tmp_path)
    assert shown.shape == (20, 40)
    assert (shown[0, :10] == 0).all()
    assert (shown[0, -10:] == 255).all()
    assert abs(int(shown[0, 20]) - 134) <= 1


def test_windows_are_in_rescaled_values(tmp_path: Path) -> None:
    ds = image(ramp(0, 2_000), RescaleSlope=1, RescaleIntercept=-1_000)
    assert (pixels(ds, tmp_path, window="0,1000") == pixels(image(ramp()), tmp_path, window="0,1000")).all()


def test_each_window_of_the_header_can_be_chosen(tmp_path: Path) -> None:
    ds = image(ramp(), WindowCenter=[0, 500], WindowWidth=[1_000, 100])
    assert (pixels(ds, tmp_path, window="header:1") == pixels(ds, tmp_path, window="500,100")).all()
    with pytest.raises(NotFoundError, match="the header has 2"):
        png(tmp_path / "image.dcm", window="header:2")


@pytest.mark.parametrize("window", [("x", 100), (0, 0), (0, -5), (float("nan"), 100)])
def test_a_window_that_makes_no_sense_is_not_there(tmp_path: Path, window: tuple[float, float]) -> None:
    path = write(image(ramp(), WindowCenter="1234", WindowWidth="5678"), tmp_path / "image.dcm")
    center, width = (f"{part:>4}"[:4].encode() for part in window)
    path.write_bytes(path.read_bytes().replace(b"1234", center).replace(b"5678", width))
    assert png(path) == png(path, window="auto")


def test_monochrome1_is_white_where_values_are_low(tmp_path: Path) -> None:
    plain = pixels(image(ramp(), WindowCenter=0, WindowWidth=1_000), tmp_path)
    ds = image(ramp(), WindowCenter=0, WindowWidth=1_000, PhotometricInterpretation="MONOCHROME1")
    assert np.abs(pixels(ds, tmp_path).astype(int) - (255 - plain.astype(int))).max() <= 1


def test_without_a_window_the_values_decide_and_outliers_do_not(tmp_path: Path) -> None:
    values = ramp(0, 1_000, rows=200, columns=200)
    values[0, 0] = 30_000
    shown = pixels(image(values), tmp_path)
    assert shown[1, 100] in range(120, 136)
    assert shown[1, 0] == 0


def test_padding_is_black_and_counts_for_nothing(tmp_path: Path) -> None:
    values = ramp(0, 1_000, rows=40)
    values[:20] = -2_000
    shown = pixels(image(values, PixelPaddingValue=-2_000), tmp_path)
    assert (shown[:20] == 0).all()
    assert abs(int(shown[30, 20]) - 131) <= 3
    inverted = pixels(image(values, PixelPaddingValue=-2_000, PhotometricInterpretation="MONOCHROME1"), tmp_path)
    assert (inverted[:20] == 0).all()


def test_padding_is_known_when_it_is_written_without_its_sign(tmp_path: Path) -> None:
    ds = image(ramp(-2_000, 1_000))
    ds.add_new("PixelPaddingValue", "US", 65_536 - 2_000)
    assert pixels(ds, tmp_path, window="-2500,100")[0, 0] == 0
    assert pixels(ds, tmp_path, window="-2500,100")[0, 1] == 255


def test_a_table_of_values_of_interest_is_used(tmp_path: Path) -> None:
    table = item(LUTDescriptor=[4, 0, 8], LUTData=np.array([0, 200, 100, 255], "<u2").tobytes(), LUTExplanation="odd")
    ds = image(np.array([[0, 1], [2, 3]], np.uint16), VOILUTSequence=[table], WindowCenter=2, WindowWidth=4)
    assert pixels(ds, tmp_path).tolist() == [[0, 200], [100, 255]]
    assert pixels(ds, tmp_path, window="header:1").tolist() != [[0, 200], [100, 255]]


def test_a_table_that_is_none_is_passed_over(tmp_path: Path) -> None:
    ds = image(ramp(), VOILUTSequence=[item(LUTExplanation="empty")], WindowCenter=0, WindowWidth=500)
    assert (pixels(ds, tmp_path) == pixels(ds, tmp_path, window="0,500")).all()
    with pytest.raises(UndecodableError, match="table 0"):
        png(tmp_path / "image.dcm", window="header:0")


def test_a_modality_table_is_used(tmp_path: Path) -> None:
    table = item(LUTDescriptor=[3, 10, 16], LUTData=np.array([100, 300, 200], "<u2").tobytes(), ModalityLUTType="US")
    ds = image(np.array([[10, 11], [12, 99]], np.uint16), ModalityLUTSequence=[table])
    assert pixels(ds, tmp_path, window="200,201").tolist() == [[1, 255], [128, 128]]


def test_a_frame_of_an_enhanced_object_has_its_own_window(tmp_path: Path) -> None:
    def group(slope: float, center: float) -> Dataset:
        return item(
            PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=0)],
            FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth=200)],
        )

    frames = np.stack([ramp(0, 100), ramp(0, 100)])
    ds = image(frames, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=[group(1, 50), group(10, 500)])
    first, second = (pixels(ds, tmp_path, frame=n) for n in (0, 1))
    assert (first[0, 0], first[0, -1]) != (second[0, 0], second[0, -1])
    assert (second[0, 0], second[0, -1]) == (0, 255)
    with pytest.raises(NotFoundError, match="2 frames, counted from 0"):
        png(tmp_path / "image.dcm", frame=2)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({"PixelSpacing": [2, 1]}, (40, 40)), ({"PixelSpacing": [1, 2]}, (20, 80)),
        ({"PixelSpacing": [3, 3]}, (20, 40)),
        ({"PixelAspectRatio": [2, 1]}, (40, 40)), ({"ImagerPixelSpacing": [1, 2]}, (20, 80)),
        ({"PixelSpacing": [1e-9, 1]}, (20, 40)), ({"PixelSpacing": [0, 1]}, (20, 40)), ({}, (20, 40)),
    ],
)  # fmt: skip
def test_pixels_that_are_no_squares_are_stretched(
    attributes: dict[str, object], size: tuple[int, int], tmp_path: Path
) -> None:
    assert pixels(image(ramp(), **attributes), tmp_path).shape == size


def test_no_side_is_longer_than_asked_for(tmp_path: Path) -> None:
    assert pixels(image(ramp(rows=500, columns=1_000)), tmp_path, size=100).shape == (50, 100)
    assert pixels(image(ramp(rows=1_000, columns=10)), tmp_path, size=64).shape == (64, 1)


def test_colours_stay_as_they_are(tmp_path: Path) -> None:
    assert (pixels(image(COLOURS), tmp_path) == COLOURS).all()
    planes = np.moveaxis(COLOURS, -1, 0)
    ds = image(COLOURS, PlanarConfiguration=1)
    ds.PixelData = planes.tobytes()
    assert (pixels(ds, tmp_path) == COLOURS).all()


def test_colours_of_sixteen_bits_are_shown_with_eight(tmp_path: Path) -> None:
    assert (pixels(image(COLOURS.astype(np.uint16) << 8), tmp_path) == COLOURS).all()
    assert (pixels(image(COLOURS.astype(np.uint16) << 4, BitsStored=12, HighBit=11), tmp_path) == COLOURS).all()


def test_ybr_becomes_rgb(tmp_path: Path) -> None:
    grey = np.array([[[100, 128, 128], [200, 128, 128]]], np.uint8)
    shown = pixels(image(grey, PhotometricInterpretation="YBR_FULL"), tmp_path)
    assert np.abs(shown.astype(int) - [[[100] * 3, [200] * 3]]).max() <= 1


@pytest.mark.parametrize(("bits", "factor"), [(8, 1), (16, 256), (16, 1)])
def test_a_palette_gives_the_colours(bits: int, factor: int, tmp_path: Path) -> None:
    ds = image(np.array([[0, 1], [2, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for name, entries in (("Red", [255, 0, 10]), ("Green", [0, 255, 20]), ("Blue", [0, 0, 30])):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [3, 0, bits])
        dtype = np.uint8 if bits == 8 else np.uint16
        data = (np.array(entries, np.uint16) * factor).astype(dtype).tobytes()
        setattr(ds, f"{name}PaletteColorLookupTableData", data + b"\0" * (len(data) % 2))
    assert pixels(ds, tmp_path).tolist() == [[[255, 0, 0], [0, 255, 0]], [[10, 20, 30], [0, 255, 0]]]


def test_a_palette_that_is_missing_is_said(tmp_path: Path) -> None:
    path = write(image(np.zeros((4, 4), np.uint8), PhotometricInterpretation="PALETTE COLOR"), tmp_path / "1.dcm")
    with pytest.raises(UndecodableError, match="palette"):
        png(path)


def test_one_bit_is_black_or_white(tmp_path: Path) -> None:
    mask = np.zeros((2, 3, 3), np.uint8)
    mask[1, 1] = 1
    ds = image(mask, NumberOfFrames=2, BitsAllocated=1, BitsStored=1, HighBit=0, Modality="SEG")
    data = np.packbits(mask.reshape(-1), bitorder="little").tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    assert pixels(ds, tmp_path, frame=1).tolist() == [[0] * 3, [255] * 3, [0] * 3]


def test_fractions_of_a_segmentation_are_shown_against_the_largest(tmp_path: Path) -> None:
    ds = image(np.array([[0, 50], [100, 100]], np.uint8), Modality="SEG", MaximumFractionalValue=100)
    assert pixels(ds, tmp_path).tolist() == [[0, 128], [255, 255]]


def test_floating_point_pixels_are_shown(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    values[0, 0] = np.nan
    shown = pixels(image(values, BitsAllocated=32), tmp_path)
    assert shown[0, 0] == 0
    assert shown[-1, -1] == 255
    assert abs(int(shown[10, 0]) - 128) <= 3


def test_a_dose_grid_is_shown_from_end_to_end(tmp_path: Path) -> None:
    values = np.arange(400, dtype=np.uint32).reshape(20, 20) * 1_000
    shown = pixels(image(values, Modality="RTDOSE", DoseGridScaling=1e-5), tmp_path)
    assert (shown[0, 0], shown[-1, -1]) == (0, 255)


def test_screens_of_eight_bits_are_shown_as_they_are_and_measurements_are_not(tmp_path: Path) -> None:
    values = np.arange(50, 150, dtype=np.uint8).reshape(10, 10)
    assert (pixels(image(values, Modality="US"), tmp_path) == values).all()
    assert pixels(image(values, Modality="MR"), tmp_path).max() == 255


def test_overlays_of_old_in_the_pixels_are_left_out(tmp_path: Path) -> None:
    values = np.array([[0x1005, 0x000A], [0x100F, 0x0000]], np.uint16)
    ds = image(values, BitsStored=12, HighBit=11)
    ds.add_new(0x60000100, "US", 16)
    ds.add_new(0x60000102, "US", 12)
    assert (
        pixels(ds, tmp_path, window="7.5,16").tolist()
        == pixels(image(values & 0xFFF), tmp_path, window="7.5,16").tolist()
    )


def test_a_deflated_file_is_read(tmp_path: Path) -> None:
    ds = image(ramp(), WindowCenter=0, WindowWidth=1_000)
    plain = pixels(ds, tmp_path)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert (pixels(ds, tmp_path) == plain).all()


def test_a_file_without_pixels_has_no_picture(tmp_path: Path) -> None:
    with pytest.raises(NoPictureError):
        png(write(data_set(), tmp_path / "1.dcm"))


@pytest.mark.parametrize("form", ["HSV", "ARGB", "", "YBR_PARTIAL_422"])
def test_colours_of_unknown_form_are_said(form: str, tmp_path: Path) -> None:
    with pytest.raises(UndecodableError, match="form"):
        png(write(image(COLOURS, PhotometricInterpretation=form), tmp_path / "1.dcm"))


def test_a_syntax_without_a_decoder_is_named(tmp_path: Path) -> None:
    ds = image(ramp())
    path = write(ds, tmp_path / "1.dcm")
    content = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.99")
    path.write_bytes(content)
    with pytest.raises(UndecodableError, match="no decoder"):
        png(path)


def test_a_small_picture_may_be_a_jpeg_and_a_rendered_one_never_is(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 4_000, (200, 200)).astype(np.int16)
    path = write(image(noise), tmp_path / "1.dcm")
    assert png(path, small=True).startswith(b"\xff\xd8\xff")
    assert png(path).startswith(b"\x89PNG")
