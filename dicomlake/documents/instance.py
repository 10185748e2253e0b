"""Attributes to instance document: identity, patient, companions, provenance."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final
from urllib.parse import quote

from dicomlake.documents.lifted import lift
from dicomlake.engines.base import Encoded
from dicomlake.errors import HeaderError
from dicomlake.headers import Header
from dicomlake.site import Site, current
from mappings import registry

_TELLING = 256
"""Characters of a value by which its companions are found. Values are remembered, and longer ones would fill memory."""
UNMAPPED = "unmapped"
"""The rule of a value that no rule knows: the canonical value is then the value itself."""

PER_FILE = ("location", "source", "fileSize", "headerHash")
"""Own fields that belong to a file rather than to its content."""


_NOTHING: Final[Mapping[str, Any]] = {}
"""One object, so that documents that share nothing yet are compared in one go."""


@dataclass(frozen=True, slots=True)
class InstanceDocument:
    """One SOP instance as found in one file.

    Its flat JSON document is ``common``, which other instances may share, and ``own`` over it; nobody changes either.
    ``patient`` is who is counted: the person that the site's table names, else the ``patientKey`` of the document.
    ``encoded``: what it is found by, where that was written already.
    """

    uid: str
    series: str
    study: str
    patient: str
    location: str
    size: int
    header_hash: str
    own: Mapping[str, Any]
    common: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    encoded: tuple[Encoded, ...] = ()

    def sharing(
        self, own: Mapping[str, Any], common: Mapping[str, Any], encoded: tuple[Encoded, ...]
    ) -> "InstanceDocument":
        """The same document in other parts."""
        return InstanceDocument(
            self.uid,
            self.series,
            self.study,
            self.patient,
            self.location,
            self.size,
            self.header_hash,
            own,
            common,
            encoded,
        )

    def __reduce__(self) -> tuple[type["InstanceDocument"], tuple[Any, ...]]:
        """Between processes as its values, which is quicker than what a frozen class with slots does by itself."""
        return InstanceDocument, _values(self)

    @property
    def body(self) -> Mapping[str, Any]:
        """The whole document."""
        return {**self.common, **self.own}

    @property
    def quality(self) -> Sequence[Mapping[str, str]]:
        """What is wrong with it: code, path and detail of every issue."""
        found: Sequence[Mapping[str, str]] = self.own.get("quality") or self.common.get("quality") or ()
        return found

    @property
    def vrs(self) -> Mapping[str, str]:
        """VRs by path, where they are not the dictionary's."""
        found: Mapping[str, str] = self.own.get("vr") or self.common.get("vr") or {}
        return found


_values = attrgetter(*(one.name for one in fields(InstanceDocument)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where files come from: the name of the source, the organisation that owns them, and the issuer of patient ids
    that do not name their own (IssuerOfPatientID, PS3.3 C.7.1.1)."""

    source: str
    organisation: str = ""
    issuer: str = ""


def build(header: Header, location: str, origin: Origin) -> InstanceDocument:
    """The instance document of a header, by the site's tables where it has some (:mod:`dicomlake.site`).

    Raises HeaderError with reason ``no-identity`` when neither data set nor file meta has a SOP Instance UID.
    """
    site = current()
    body: dict[str, Any] = dict(header.attributes)
    quality = [{"code": i.code, "path": i.path, "detail": i.detail} for i in header.issues]

    uid = _text(body, "SOPInstanceUID")
    if not uid:
        uid = _text(body, "MediaStorageSOPInstanceUID")
        if not uid:
            raise HeaderError(
                "no SOP Instance UID in the data set or the file meta, so the file cannot be told from others",
                reason="no-identity",
                offset=header.length,
            )
        body["SOPInstanceUID"] = uid
        quality.append(_issue("sop-uid-from-file-meta", "SOPInstanceUID"))

    study = _text(body, "StudyInstanceUID")
    if not study:
        study = _surrogate("study", uid, [_text(body, k) for k in _STUDY_KEYS])
        body["StudyInstanceUID"] = study
        quality.append(_issue("no-study-uid", "StudyInstanceUID"))
    series = _text(body, "SeriesInstanceUID")
    if not series:
        parts = [_text(body, k) for k in _SERIES_KEYS]
        series = _surrogate("series", uid, [study, *parts] if any(parts) else [])
        body["SeriesInstanceUID"] = series
        quality.append(_issue("no-series-uid", "SeriesInstanceUID"))

    issuer, patient_id = _text(body, "IssuerOfPatientID") or origin.issuer, _text(body, "PatientID")
    own_patient, patient = patients(site, issuer, patient_id, study)
    attributes, origins = lift(body)
    body |= attributes
    add_companions(body, site)
    if origins:
        body["lifted"] = origins
    if header.vrs:
        body["vr"] = _vrs(header.vrs)
    body |= {
        "patientKey": own_patient,
        "organisation": origin.organisation or None,
        "source": origin.source,
        "location": location,
        "fileSize": header.size,
        "headerHash": header.sha256,
    }
    if quality:
        body["quality"] = quality
    return InstanceDocument(uid, series, study, patient, location, header.size, header.sha256, body)


def _vrs(found: Mapping[str, str]) -> Mapping[str, str]:
    """The VRs as the same object as those of the file before, where they are the same: then nobody compares again."""
    last = _LAST_VRS[0]
    if found != last:
        last = _LAST_VRS[0] = dict(found)
    return last


_LAST_VRS: Final[list[Mapping[str, str]]] = [{}]
_STUDY_KEYS = ("IssuerOfPatientID", "PatientID", "StudyID", "StudyDate", "StudyTime", "AccessionNumber")
_SERIES_KEYS = ("Modality", "SeriesNumber", "SeriesDate", "SeriesTime", "SeriesDescription")


def patient_key(issuer: str, patient_id: str, study: str) -> str:
    """One key a patient: issuer and PatientID; without a PatientID each study is a patient of its own.

    The issuer is percent-encoded, so the first colon ends it, and none begins with the question mark of a study or the
    equals sign of a person.
    """
    return f"{quote(issuer, safe='')}:{patient_id}" if patient_id else f"?{study}"


def patients(site: Site, issuer: str, patient_id: str, study: str) -> tuple[str, str]:
    """The patient key, and who is counted: the person that the site's table names, else the key."""
    own = patient_key(issuer, patient_id, study)
    person = site.persons.get((issuer, patient_id))
    return own, own if person is None else f"={person}"


def _surrogate(kind: str, uid: str, parts: list[str]) -> str:
    """A UID under 2.25 (PS3.5 B.2) that the same attributes always give; the instance alone where all are empty."""
    basis = "\x1f".join([kind, *parts] if any(parts) else [kind, "instance", uid])
    return f"2.25.{int.from_bytes(hashlib.sha256(basis.encode('utf-8', 'replace')).digest()[:16])}"


def add_companions(body: dict[str, Any], site: Site) -> None:
    """Put beside the values of fields what the tables say of them: canonical values, the rules that fired, groups."""
    for keyword in _accompanied():
        raw = body.get(keyword)
        if raw is None:
            continue
        values = (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, list) else ()
        if values := tuple(value[:_TELLING] for value in values if isinstance(value, str) and value):
            body.update(_companions(site, keyword, values))


@cache
def _accompanied() -> tuple[str, ...]:
    return tuple(field.keyword for field in registry.load().fields if field.canonical or field.companions)


@lru_cache(maxsize=16_384)
def _companions(site: Site, keyword: str, values: tuple[str, ...]) -> dict[str, str | list[str]]:
    """What stands beside the values of a field, by path; kept, since the instances of a series share it."""
    field = registry.load().get(keyword)
    assert field is not None
    beside: dict[str, str | list[str]] = {}
    if field.canonical:
        rules = site.tables[field.canonical]
        found = [rules.find(value) or (value.strip(), UNMAPPED) for value in values]
        beside[f"{keyword}.canonical"] = _few([name for name, _ in found])
        beside[f"{keyword}.rule"] = _few([rule for _, rule in found])
    for name, table in field.companions.items():
        if more := dict.fromkeys(one for value in values if (one := site.tables[table].accompany(name, value))):
            beside[f"{keyword}.{name}"] = _few(list(more))
    return beside


def _few(values: list[str]) -> str | list[str]:
    """As attributes are written: one value by itself, several as a list."""
    return values[0] if len(values) == 1 else values


def _text(body: Mapping[str, Any], keyword: str) -> str:
    """The first value as text: identities must be read from whatever a file holds there."""
    value = body.get(keyword)
    if isinstance(value, list):
        value = value[0] if value else None
    return str(value).strip(" \0") if isinstance(value, str | int | float) else ""


def _issue(code: str, path: str) -> dict[str, str]:
    return {"code": code, "path": path, "detail": ""}
