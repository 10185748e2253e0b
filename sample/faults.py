"""Files that are broken on purpose, each with what an index has to make of it.

All belong to one study of the first patient, or to people the faults themselves make: a PatientID that is empty or
another within the same study.
"""

import struct
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydicom.datadict import tag_for_keyword

from sample import common, radiography
from sample.encode import PREAMBLE, Encoded, Encoder, file_meta, joined, meta_group
from sample.forms import Attributes, document, fitted
from sample.plan import Patient, Study
from sample.tables import exams, table
from sample.truth import IGNORED, INDEXED, QUARANTINED, Planted
from sample.visits import study_of

MOMENT = datetime(2017, 5, 16, 11, 20)
"""When the study was made; every site then had devices that write explicit VR little endian."""

FOLDER = "incidencias"


class _File:
    """One radiograph of the study of faults, in parts that can be damaged."""

    def __init__(self, study: Study, number: int) -> None:
        views = study.exam["views"]
        self.series = radiography.series_of(study, number, common.device_of(study, "DX", "CR"), views)
        self.series.attributes = fitted(self.series.attributes, self.series.charset)
        self.instance = self.series.instances[0]
        self.instance.attributes = fitted(self.instance.attributes, self.series.charset)
        self.meta = file_meta(self.series, self.instance)
        self.planned = {**self.series.attributes, **self.instance.attributes}
        self.elements: Encoded = Encoder(self.series).elements(self.instance)

    def drop(self, *keywords: str) -> None:
        for keyword in keywords:
            del self.elements[_tag(keyword)]
            del self.planned[keyword]

    def head(self) -> bytes:
        return PREAMBLE + meta_group(self.meta)

    def data(self) -> bytes:
        return self.head() + joined(self.elements)

    def add_oddities(self) -> Attributes:
        """Elements nobody should write: a group length (not in documents), a public tag that does not exist, a private
        element without creator, a private element of a creator that no dictionary knows."""
        self.elements[0x00080000] = _explicit(0x00080000, b"UL", bytes(4))
        self.elements[0x00081234] = _explicit(0x00081234, b"LO", b"no existe ")
        self.elements[0x00191008] = _explicit(0x00191008, b"LO", b"sin creador ")
        self.elements[0x00770010] = _explicit(0x00770010, b"LO", b"ACME 0.1")
        self.elements[0x00771001] = _explicit(0x00771001, b"SH", b"inventado ")
        shown = {"(0008,1234)": "no existe", '(0019,"",1008)': "sin creador", '(0077,"ACME 0.1",01)': "inventado"}
        return dict(shown)

    def in_implicit_vr(self) -> None:
        """Encode again in implicit VR, without private elements, whose VR nobody could know."""
        self.series.syntax = "implicit"
        self.series.attributes = _public(self.series.attributes)
        self.instance.attributes = _public(self.instance.attributes)
        self.planned = _public(self.planned)
        self.elements = Encoder(self.series).elements(self.instance)

    def cut_in(self, keyword: str) -> bytes:
        """The file up to the middle of an element's own header; what comes later is no longer planned."""
        tag = _tag(keyword)
        before = joined({key: part for key, part in self.elements.items() if key < tag})
        self.planned = {key: value for key, value in self.planned.items() if _before(key, tag)}
        return self.head() + before + self.elements[tag][:6]

    def planted(self, name: str, kind: str, data: bytes | None = None, **more: Any) -> Planted:
        identity = {key: self.planned.get(key) for key in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")}
        identity["SOPInstanceUID"] = identity["SOPInstanceUID"] or self.meta.get("MediaStorageSOPInstanceUID")
        shown = {**document(self.meta), **document(self.planned)}
        made = Planted(f"{FOLDER}/{name}", data or self.data(), INDEXED, kind, self.series, self.instance, shown)
        made.identity = identity
        return replace(made, **more)


def plant(first: Patient, patients: int) -> Iterator[Planted]:
    """Every fault, in a fixed order. People made by faults have numbers after ``patients``."""
    for other in table("faults")["others"]:
        content = b64decode(other["base64"]) if "base64" in other else other["text"].encode()
        yield Planted(other["path"], content, IGNORED, "empty" if not content else "not-dicom")
    study = _study(first, "faults")
    numbers = iter(range(1, 100))

    def fresh() -> _File:
        return _File(study, next(numbers))

    yield from _quarantined(fresh)
    yield from _damaged(fresh)
    yield from _identities(fresh)
    yield from _bad_values(fresh)
    yield from _copies(fresh)
    yield from _forms(fresh)
    yield from _people(first, patients, next(numbers))


def _quarantined(fresh: Callable[[], _File]) -> Iterator[Planted]:
    """DICOM by its signature or start, with no SOPInstanceUID to be read from data set or file meta."""
    lost: dict[str, Any] = {
        "outcome": QUARANTINED,
        "attributes": None,
        "identity": {},
        "series": None,
        "instance": None,
    }
    held = fresh()
    yield held.planted("cortado en la meta.dcm", "truncated-before-identity", held.data()[:170], **lost)
    yield held.planted("solo preámbulo.dcm", "truncated-before-identity", PREAMBLE, **lost)
    start = joined({key: part for key, part in held.elements.items() if key <= _tag("SOPClassUID")})
    yield held.planted("sin preámbulo, cortado", "truncated-before-identity", start, **lost)
    yield held.planted("basura tras DICM.dcm", "garbage", PREAMBLE + bytes(range(255, 31, -1)) * 4, **lost)
    held = fresh()
    held.drop("SOPInstanceUID")
    del held.meta["MediaStorageSOPInstanceUID"]
    yield held.planted("sin identidad.dcm", "no-identity", **lost)


def _damaged(fresh: Callable[[], _File]) -> Iterator[Planted]:
    held = fresh()
    data = held.data()
    defects = [_defect("PixelData", "truncated")]
    yield held.planted("píxeles cortados.dcm", "truncated-pixels", data[: len(data) - 9000], defects=defects)
    held = fresh()
    cut = held.cut_in("HighBit")
    yield held.planted("cabecera cortada.dcm", "truncated-header", cut, defects=[_defect("HighBit", "truncated")])
    held = fresh()
    cut = held.cut_in("ProtocolName")
    defects = [_defect("ProtocolName", "truncated"), *_missing("StudyInstanceUID", "SeriesInstanceUID")]
    yield held.planted("cabecera cortada pronto.dcm", "truncated-header", cut, defects=defects)
    held = fresh()
    tag = _tag("WindowWidth")
    element = held.elements[tag]
    held.elements[tag] = element[:6] + b"\xfe\xff" + element[8:]
    data = held.data()
    held.planned = {key: value for key, value in held.planned.items() if _before(key, tag)}
    yield held.planted(
        "longitud falsa.dcm", "lying-length", data, unsure=["WindowWidth"], defects=[_defect("WindowWidth", "length")]
    )


def _identities(fresh: Callable[[], _File]) -> Iterator[Planted]:
    for keyword, name in (
        ("SOPInstanceUID", "sin SOPInstanceUID.dcm"),
        ("StudyInstanceUID", "sin StudyInstanceUID.dcm"),
        ("SeriesInstanceUID", "sin SeriesInstanceUID.dcm"),
    ):
        held = fresh()
        held.drop(keyword)
        yield held.planted(name, f"missing-{keyword}", defects=_missing(keyword))


def _bad_values(fresh: Callable[[], _File]) -> Iterator[Planted]:
    for bad in table("faults")["values"]:
        held = fresh()
        keyword, text = bad["keyword"], bad["text"]
        tag = _tag(keyword)
        written = text.encode() + b" " * (len(text) % 2)
        held.elements[tag] = held.elements[tag][:6] + len(written).to_bytes(2, "little") + written
        made = held.planted(f"valor malo {keyword}.dcm", "bad-value", defects=[_defect(keyword, bad["why"])])
        values = text.strip().split("\\")
        made.attributes = {**(made.attributes or {}), keyword: values if len(values) > 1 else values[0]}
        yield made


def _copies(fresh: Callable[[], _File]) -> Iterator[Planted]:
    held = fresh()
    yield held.planted("original.dcm", "instance")
    yield held.planted("copias/2017/copia de original.dcm", "duplicate")
    held = fresh()
    yield held.planted("versión 1.dcm", "variant")
    comment = {"ImageComments": "Corregida lateralidad"}
    held.planned |= comment
    held.instance.attributes |= comment
    held.elements = Encoder(held.series).elements(held.instance)
    yield held.planted("versión 2.dcm", "variant")


def _forms(fresh: Callable[[], _File]) -> Iterator[Planted]:
    """Good data sets in odd wrappings and under odd names."""
    held = fresh()
    made = held.planted("sin preámbulo ni meta", "no-preamble", joined(held.elements))
    made.attributes = document(held.planned)
    yield made
    held = fresh()
    held.in_implicit_vr()
    made = held.planted("sin preámbulo implícito", "no-preamble", joined(held.elements))
    made.attributes = document(held.planned)
    yield made
    held = fresh()
    made = held.planted("elementos raros.dcm", "odd-elements", defects=[_defect("(0019,1008)", "no private creator")])
    made.attributes = {**(made.attributes or {}), **held.add_oddities()}
    made.data = held.data()
    yield made
    held = fresh()
    yield held.planted("sin preámbulo.dcm", "no-preamble", meta_group(held.meta) + joined(held.elements))
    long_name = "copia " * 35 + "final.DCM"
    deep = "/".join(f"nivel {level}" for level in range(1, 13))
    for name in (
        "imagen sin extensión",
        ".oculto.dcm",
        "Radiografía de tórax — «copia» (1).dcm",
        "胸部X線.dcm",
        "Nu\u0301n\u0303ez^descompuesto.dcm",
        "imagen.dcm.bak",
        "imagen.txt",
        f"{deep}/IM1",
        long_name,
    ):
        yield fresh().planted(f"nombres/{name}", "odd-name")


def _people(first: Patient, patients: int, number: int) -> Iterator[Planted]:
    """Empty PatientIDs, one patient a study, and another patient's series within the study of faults."""
    for offset, name in ((1, ""), (2, "DESCONOCIDO^URGENCIAS")):
        nobody = replace(first, number=patients + offset, identifier="", name=name, issuer="")
        held = _File(replace(_study(first, f"nobody {offset}"), patient=nobody), 1)
        yield held.planted(f"sin paciente {offset}.dcm", "empty-PatientID", defects=_missing("PatientID"))
    stranger = replace(first, number=patients + 3, identifier=f"{first.identifier}X", name="Equivocado^Paciente")
    mixed = replace(_study(first, "faults"), patient=stranger)
    defects = [_defect("PatientID", "two patients in one study")]
    yield _File(mixed, number).planted("de otro paciente.dcm", "mixed-patient", defects=defects)


def _study(patient: Patient, name: str) -> Study:
    exam = next(exam for exam in exams() if exam["id"] == "xr-chest-portable")
    return study_of(patient, 0, exam, MOMENT, patient.chance.of(name))


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def _before(key: str, tag: int) -> bool:
    """Whether an attribute comes before a tag; private keys begin with their group."""
    return int(key[1:5], 16) << 16 < tag if key.startswith("(") else _tag(key) < tag


def _explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    """An element in explicit VR little endian, short form."""
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def _public(attributes: Attributes) -> Attributes:
    return {key: value for key, value in attributes.items() if not key.startswith("(")}


def _defect(path: str, what: str) -> dict[str, str]:
    return {"path": path, "what": what}


def _missing(*keywords: str) -> list[dict[str, str]]:
    return [_defect(keyword, "missing") for keyword in keywords]
