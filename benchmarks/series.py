"""Synthetic series to measure readers with, written by pydicom: a CT series with private elements, and an MR series."""

from pathlib import Path

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

_ROOT = "1.2.826.0.1.3680043.8.498"
_CT = UID("1.2.840.10008.5.1.4.1.1.2")
_MR = UID("1.2.840.10008.5.1.4.1.1.4")


def write(folder: Path, modality: str, files: int, per_series: int = 200) -> list[Path]:
    """So many files of one modality, CT (about 265 elements) or MR (about 80), in series; their paths, in order."""
    paths = []
    for number in range(files):
        series, place = divmod(number, per_series)
        made = data_set(modality, series, place)
        path = folder / f"{modality}-{series:03}-{place:04}.dcm"
        made.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def data_set(modality: str, series: int, place: int) -> Dataset:
    """One file of a series, by the number of its series and its place in it, with a very small image."""
    made = _common(modality, series, place)
    (_ct if modality == "CT" else _mr)(made, place)
    made.PixelData = bytes(2 * 16 * 16)
    return made


def _common(modality: str, series: int, place: int) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    uid = UID(f"{_ROOT}.{series}.3.{place + 1}")
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = _CT if modality == "CT" else _MR
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = uid
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 100"
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.InstanceCreationDate = made.StudyDate = made.SeriesDate = "20190214"
    made.AcquisitionDate = made.ContentDate = "20190214"
    made.StudyTime = "101500.000000"
    made.SeriesTime = "101712.000000"
    made.InstanceCreationTime = made.ContentTime = f"1018{place % 60:02}.{place:06}"
    made.AcquisitionTime = f"1017{place % 60:02}.{place:06}"
    made.AccessionNumber = f"A{series:06}"
    made.Modality = modality
    made.Manufacturer = "SIEMENS"
    made.InstitutionName = "Hospital General"
    made.ReferringPhysicianName = "Müller^Anna"
    made.StationName = f"{modality}01"
    made.StudyDescription = "Thorax"
    made.SeriesDescription = "Thorax 1.0 B30f"
    made.ManufacturerModelName = "Sensation 64"
    made.PatientName = f"Doe^John^{series}"
    made.PatientID = f"P{series:06}"
    made.PatientBirthDate = "19500101"
    made.PatientSex = "M"
    made.PatientAge = "069Y"
    made.PatientWeight = "81.5"
    made.BodyPartExamined = "CHEST"
    made.SliceThickness = "1.0"
    made.DeviceSerialNumber = "54321"
    made.SoftwareVersions = ["syngo CT 2012B", "VA44A"]
    made.ProtocolName = "ThorRoutine"
    made.PatientPosition = "HFS"
    made.StudyInstanceUID = f"{_ROOT}.{series}.1"
    made.SeriesInstanceUID = f"{_ROOT}.{series}.2"
    made.StudyID = str(series + 1)
    made.SeriesNumber = "2"
    made.AcquisitionNumber = "1"
    made.InstanceNumber = str(place + 1)
    made.ImagePositionPatient = ["-171.5", "-160.25", f"{-800.5 + place:.2f}"]
    made.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    made.FrameOfReferenceUID = f"{_ROOT}.{series}.4"
    made.PositionReferenceIndicator = ""
    made.SliceLocation = f"{-800.5 + place:.2f}"
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows = made.Columns = 16
    made.PixelSpacing = ["0.671875", "0.671875"]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.SmallestImagePixelValue = place % 7
    made.LargestImagePixelValue = 1000 + place
    made.WindowCenter = ["40", "-600"]
    made.WindowWidth = ["400", "1200"]
    made.RescaleIntercept, made.RescaleSlope = "-1024", "1"
    made.PerformedProcedureStepStartDate = "20190214"
    made.PerformedProcedureStepID = f"S{series:06}"
    made.ReferencedStudySequence = Sequence([_reference("1.2.840.10008.3.1.2.3.1", f"{_ROOT}.{series}.1")])
    return made


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def _mr(made: Dataset, place: int) -> None:
    made.ScanningSequence, made.SequenceVariant, made.ScanOptions = "SE", ["SK", "SP"], "PFP"
    made.MRAcquisitionType = "2D"
    made.RepetitionTime, made.EchoTime, made.NumberOfAverages = "550", "11", "2"
    made.ImagingFrequency, made.ImagedNucleus, made.EchoNumbers = "63.67", "1H", "1"
    made.MagneticFieldStrength, made.SpacingBetweenSlices, made.EchoTrainLength = "1.5", "6", "1"
    made.PercentSampling, made.PercentPhaseFieldOfView, made.PixelBandwidth = "100", "81.25", "130"
    made.AcquisitionMatrix = [0, 256, 208, 0]
    made.InPlanePhaseEncodingDirection, made.FlipAngle, made.SAR = "ROW", "90", "0.07"


def _ct(made: Dataset, place: int) -> None:
    made.KVP, made.DataCollectionDiameter, made.ReconstructionDiameter = "120", "500", "344"
    made.DistanceSourceToDetector, made.DistanceSourceToPatient = "1040", "570"
    made.GantryDetectorTilt, made.TableHeight, made.RotationDirection = "0", "155", "CW"
    made.ExposureTime, made.XRayTubeCurrent, made.Exposure = "500", str(150 + place % 40), str(75 + place % 20)
    made.FilterType, made.GeneratorPower, made.FocalSpots = "0", "22", "1.2"
    made.ConvolutionKernel = "B30f"
    made.SingleCollimationWidth, made.TotalCollimationWidth = 0.6, 19.2
    made.SpiralPitchFactor, made.CTDIvol = 1.2, 7.5 + place / 100
    values = numpy.random.default_rng(7).integers(0, 9999, 400)
    for block, (group, creator) in enumerate(
        ((0x0019, "SIEMENS CT VA0  COAD"), (0x0021, "SIEMENS MED"), (0x0029, "ACME PLANNING"), (0x0053, "ACME DOSE"))
    ):
        private = made.private_block(group, creator, create=True)
        for element in range(42):
            number = int(values[block * 42 + element])
            vr = ("DS", "IS", "LO", "US", "SH", "FD")[element % 6]
            text = {"DS": f"{number / 8:.3f}", "IS": str(number), "LO": f"VALUE {number}", "SH": f"S{number}"}
            private.add_new(element, vr, text.get(vr, number))
    made.private_block(0x0019, "SIEMENS CT VA0  COAD").add_new(0x90, "DS", f"{place / 4:.2f}")
