"""Objects beside the images: dose screens with burned-in text, PDF reports, segmentations."""

from collections.abc import Iterator

import numpy as np
from pydicom.uid import EncapsulatedPDFStorage, SecondaryCaptureImageStorage, SegmentationStorage

from sample import common, enhanced, pictures
from sample.forms import Attributes, fold
from sample.plan import Instance, Series, Study, da, later, tm
from sample.tables import table

_SCREEN = 160


def dose_screen(study: Study, about: Series) -> Iterator[Series]:
    """The dose page of a CT as a picture, as devices made it before they wrote dose reports."""
    series = common.series(study, 999, SecondaryCaptureImageStorage, modality="CT", minutes=35, device=about.device)
    series.role = "dose screen"
    held, name = about.dose, study.patient.latin.replace("^", " ")
    lines = [
        f"PATIENT: {name}"[: _SCREEN // 4 - 1],
        f"ID: {study.patient.identifier}   {study.moment:%d/%m/%Y}",
        f"CTDIVOL {held['CTDIvol']} MGY",
        f"DLP {held['DLP']} MGY.CM  PHANTOM {held['phantom']}",
    ]
    series.attributes |= {
        **common.region(study.exam["region"], study.chance),
        **common.image(_SCREEN, _SCREEN, bits=8),
        "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"],
        "ConversionType": "WSD",
        "PatientOrientation": None,
        "SeriesDescription": "Dose Report",
        "BurnedInAnnotation": "YES",
    }

    def pixels() -> bytes:
        seen = np.full((_SCREEN, _SCREEN), 20.0)
        for row, line in enumerate(lines):
            pictures.lettering(seen, line, 2, 4 + 12 * row)
        return pictures.stored_bytes(seen)

    made = common.instance(series, 1, common.times(series.moment), pixels)
    made.burned = [{"text": line, "rectangle": [2, 4 + 12 * row, 4 * len(line), 5]} for row, line in enumerate(lines)]
    yield series


def pdf_report(study: Study, number: int, about: Series) -> Iterator[Series]:
    """A report as an Encapsulated PDF that names the patient (PS3.3 A.45.1)."""
    series = common.series(study, number, EncapsulatedPDFStorage, modality="DOC", minutes=80, device=about.device)
    series.role = "report"
    name = study.patient.latin.replace("^", " ")
    lines = [
        study.site["name"],
        study.description,
        f"{name}  {study.patient.identifier}",
        study.reason,
        study.accession,
    ]
    series.attributes |= {
        "SeriesDescription": "Informe PDF" if study.site["language"] == "spanish" else "PDF report",
        "ConversionType": "WSD",
        "BurnedInAnnotation": "YES",
        "DocumentTitle": f"{study.description} {name}"[:64],
        "ConceptNameCodeSequence": [common.code("18748-4", "LN", "Diagnostic imaging report")],
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": _pdf([fold(line) for line in lines]),
    }
    common.instance(series, 1, {"ContentDate": da(series.moment), "ContentTime": tm(series.moment)})
    yield series


def segmentation(study: Study, number: int, about: Series) -> Iterator[Series]:
    """The lesion of a CT series as a binary segmentation (PS3.3 A.51); nothing when no slice shows it."""
    area = table("regions")[study.exam["region"]]
    shown = [(one, _mask(area, one)) for one in about.instances]
    shown = [(one, mask) for one, mask in shown if mask.any()]
    if not shown:
        return
    series = common.series(study, number, SegmentationStorage, modality="SEG", minutes=120, device=about.device)
    series.role = "segmentation"
    series.syntax = "explicit"
    classic = about.attributes
    measures = {name: classic[name] for name in ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices")}
    shared = {
        "PixelMeasuresSequence": [measures],
        "PlaneOrientationSequence": [{"ImageOrientationPatient": classic["ImageOrientationPatient"]}],
        "SegmentIdentificationSequence": [{"ReferencedSegmentNumber": 1}],
    }
    organisation = study.chance.uid("segmentation", "dimensions")
    series.attributes |= {
        **enhanced.dimensions(organisation),
        "PositionReferenceIndicator": None,
        **common.image(classic["Rows"], classic["Columns"], bits=8),
        "BitsAllocated": 1,
        "BitsStored": 1,
        "HighBit": 0,
        "ImageType": ["DERIVED", "PRIMARY"],
        "SeriesDescription": "Segmentación lesión",
        "FrameOfReferenceUID": classic["FrameOfReferenceUID"],
        "BodyPartExamined": classic["BodyPartExamined"],
        "SegmentationType": "BINARY",
        "LossyImageCompression": "00",
        "ContentLabel": "LESION",
        "ContentDescription": "Lesión, contorno automático",
        "ContentCreatorName": study.physicians[2],
        "NumberOfFrames": len(shown),
        "SegmentSequence": [_segment()],
        "ReferencedSeriesSequence": [_references(about, [one for one, _ in shown])],
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": [_frame(about, one, n) for n, (one, _) in enumerate(shown, start=1)],
    }
    bits = np.concatenate([mask.ravel() for _, mask in shown])

    def pixels() -> bytes:
        packed = np.packbits(bits, bitorder="little").tobytes()
        return packed + bytes(len(packed) % 2)

    common.instance(series, 1, {"ContentDate": da(series.moment), "ContentTime": tm(later(series.moment, 1))}, pixels)
    yield series


def _mask(area: dict[str, object], instance: Instance) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    depth = instance.attributes["SliceLocation"] * 2 / float(str(area["length"]))
    return pictures.mask(str(area["anatomy"]), "tumour", depth, 96)


def _segment() -> Attributes:
    return {
        "SegmentNumber": 1,
        "SegmentLabel": "Lesión",
        "SegmentAlgorithmType": "AUTOMATIC",
        "SegmentAlgorithmName": "Threshold 1.0",
        "SegmentedPropertyCategoryCodeSequence": [common.code("49755003", "SCT", "Morphologically Abnormal Structure")],
        "SegmentedPropertyTypeCodeSequence": [common.code("52988006", "SCT", "Lesion")],
    }


def _references(about: Series, instances: list[Instance]) -> Attributes:
    referenced = [{"ReferencedSOPClassUID": about.sop_class, "ReferencedSOPInstanceUID": one.uid} for one in instances]
    return {"SeriesInstanceUID": about.uid, "ReferencedInstanceSequence": referenced}


def _frame(about: Series, instance: Instance, number: int) -> Attributes:
    source: Attributes = {"ReferencedSOPClassUID": about.sop_class, "ReferencedSOPInstanceUID": instance.uid}
    source["PurposeOfReferenceCodeSequence"] = [
        common.code("121322", "DCM", "Source image for image processing operation")
    ]
    content = {"StackID": "1", "InStackPositionNumber": number, "DimensionIndexValues": [1, number]}
    return {
        "FrameContentSequence": [content],
        "DerivationImageSequence": [
            {
                "SourceImageSequence": [source],
                "DerivationCodeSequence": [common.code("113076", "DCM", "Segmentation")],
            }
        ],
        "PlanePositionSequence": [{"ImagePositionPatient": instance.attributes["ImagePositionPatient"]}],
    }


def _pdf(lines: list[str]) -> bytes:
    """A one-page PDF 1.4 of lines of ASCII text."""
    escaped = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    page = "BT /F1 14 Tf 60 780 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table_of_places = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table_of_places}"
    written = f"{out}{end}trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return written.encode("ascii") + b" " * (len(written) % 2)
