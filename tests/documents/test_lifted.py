from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.leaves import leaves
from dicomlake.documents.lifted import _table, lift
from dicomlake.headers import read_file
from mappings import dictionary
from mappings.normal import number_token
from tests.builders import dicom_file


def item(**attributes: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def frame(**groups: Dataset) -> Dataset:
    return item(**{name: [group] for name, group in groups.items()})


def document(path: Path, **attributes: Any) -> dict[str, Any]:
    return dict(build(read_file(dicom_file(path, **attributes)), "one", Origin("test")).body)


def test_attributes_that_all_frames_share_stand_at_the_top_with_their_origin(tmp_path: Path) -> None:
    shared = frame(
        PixelMeasuresSequence=item(PixelSpacing=[0.5, 0.5], SliceThickness=3),
        MREchoSequence=item(EffectiveEchoTime=80.0),
    )
    body = document(tmp_path / "one", SharedFunctionalGroupsSequence=[shared])
    assert (body["SliceThickness"], body["PixelSpacing"], body["EchoTime"]) == (3.0, [0.5, 0.5], 80.0)
    origin = "SharedFunctionalGroupsSequence.PixelMeasuresSequence.SliceThickness"
    assert body["lifted"]["SliceThickness"] == origin
    assert number_token(3) in leaves(body, {}).tokens["SliceThickness"]


def test_values_that_differ_between_frames_are_all_found_but_no_vector_is_made_up(tmp_path: Path) -> None:
    frames = [
        frame(
            MRDiffusionSequence=item(DiffusionBValue=float(b)),
            PlanePositionSequence=item(ImagePositionPatient=[0, 0, b]),
            PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        )
        for b in (0, 1000, 0, 500)
    ]
    body = document(tmp_path / "one", PerFrameFunctionalGroupsSequence=frames)
    assert body["DiffusionBValue"] == [0.0, 1000.0, 500.0]
    assert body["ImageOrientationPatient"] == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert "ImagePositionPatient" not in body


def test_what_the_registry_names_of_enhanced_objects_is_at_the_top(tmp_path: Path) -> None:
    body = document(
        tmp_path / "one",
        SharedFunctionalGroupsSequence=[
            frame(
                MREchoSequence=item(EffectiveEchoTime=80.0),
                MRModifierSequence=item(ParallelAcquisitionTechnique="SENSE", ParallelReductionFactorInPlane=2.0),
                MRFOVGeometrySequence=item(PercentSampling=80),
                FrameAnatomySequence=item(AnatomicRegionSequence=[item(CodeMeaning="Knee")]),
            )
        ],
        PerFrameFunctionalGroupsSequence=[
            frame(
                PositionerPositionSequence=item(PositionerPrimaryAngle=angle),
                IrradiationEventIdentificationSequence=item(IrradiationEventUID="1.2.9"),
            )
            for angle in (-30, 30)
        ],
    )
    assert (body["EffectiveEchoTime"], body["EchoTime"]) == (80.0, 80.0)
    assert (body["ParallelAcquisitionTechnique"], body["ParallelReductionFactorInPlane"]) == ("SENSE", 2.0)
    assert body["PercentSampling"] == 80.0
    assert body["PositionerPrimaryAngle"] == [-30.0, 30.0]
    assert body["IrradiationEventUID"] == "1.2.9"
    assert leaves(body, {}).tokens["AnatomicRegionSequence.CodeMeaning"] == {"sKnee"}


def test_what_the_top_level_says_is_not_replaced(tmp_path: Path) -> None:
    shared = frame(PixelMeasuresSequence=item(SliceThickness=3))
    body = document(tmp_path / "one", SliceThickness=5, SharedFunctionalGroupsSequence=[shared])
    assert body["SliceThickness"] == 5.0
    assert "lifted" not in body


@pytest.mark.parametrize(
    "odd", [None, [], "text", ["text"], [{}], [{"PixelMeasuresSequence": "text"}], {"length": 5000}]
)
def test_odd_functional_groups_lift_nothing(odd: Any) -> None:
    assert lift({"SharedFunctionalGroupsSequence": odd}) == ({}, {})


def test_the_table_names_attributes_of_the_dictionary() -> None:
    for row in _table():
        assert all(dictionary.tag_of(keyword) is not None for keyword in row), row
    assert len(_table()) == len(set(_table()))
