"""Requests and an answer for the OpenAPI description, over the files that pydicom ships and ``make demo`` indexes."""

from typing import Any, Final

from fastapi.openapi.models import Example

REQUESTS: Final[dict[str, Example]] = {
    "everything": {"summary": "Everything, newest first", "value": {"sort": ["-StudyDate"], "limit": 10}},
    "query": {
        "summary": "A query text with facets",
        "value": {
            "q": "Modality:CT AND SliceThickness:[0 TO 5]",
            "facets": ["Modality", "Manufacturer.canonical"],
            "facet_limit": 20,
        },
    },
    "filters": {
        "summary": "Chosen facet values: CT or MR, with no body part",
        "value": {"filters": {"Modality": ["CT", "MR"], "BodyPartExamined": [None]}, "facets": ["Modality"]},
    },
    "ranges": {
        "summary": "Thin slices of the years 1997 to 2004, with the sizes of what is found",
        "value": {
            "ranges": {"SliceThickness": [{"min": 0, "max": 5}], "StudyDate": [{"min": "1997", "max": "2004"}]},
            "histograms": ["SliceThickness", "StudyDate:year"],
        },
    },
    "nested": {
        "summary": "Private and nested attributes",
        "value": {
            "q": '(0009,"GEMS_IDEN_01",04):HiSpeed* OR _exists_:RequestAttributesSequence.RequestedProcedureID',
            "level": "instance",
            "fields": ['(0009,"GEMS_IDEN_01",04)'],
        },
    },
    "patients": {
        "summary": "Patients with a CT since 2000",
        "value": {"q": "Modality:CT AND StudyDate:[2000 TO *]", "level": "patient", "limit": 5, "totals": "exact"},
    },
}

STUDY: Final = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
SERIES: Final = "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"
INSTANCE: Final = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"

HIT: Final[dict[str, Any]] = {
    "level": "series",
    "PatientID": "1CT1",
    "StudyDate": "20040119",
    "Modality": "CT",
    "Manufacturer": "GE MEDICAL SYSTEMS",
    "Manufacturer.canonical": "GE HealthCare",
    "ManufacturerModelName": "RHAPSODE",
    "StudyInstanceUID": STUDY,
    "SeriesInstanceUID": SERIES,
    "instanceCount": 1,
    "bytes": 39205,
}

ANSWER: Final[dict[str, Any]] = {
    "totals": {"patients": 3, "studies": 3, "series": 4, "instances": 6, "bytes": 311208},
    "hits": [HIT],
    "facets": {"Modality": [{"value": "CT", "count": 4, "selected": False}]},
    "cursor": "R0vM3nq...",
    "approximate": [],
    "took_ms": 4.2,
    "generation": "96-1",
}
