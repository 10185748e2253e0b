"""Examples that the OpenAPI description shows of jobs."""

from typing import Any, Final

from fastapi.openapi.models import Example

EXAMPLE_ID: Final = "0d8f6a3c5b7e4f219a8c6d4e2b1f0a9c"
FOLDER: Final = "/data/archive"

REQUESTS: Final[dict[str, Example]] = {
    "index": {
        "summary": "Index a folder",
        "value": {"kind": "index", "arguments": {"sources": [FOLDER], "prune": False}},
    },
    "import-idc": {
        "summary": "Declare the Imaging Data Commons",
        "value": {"kind": "import-idc", "arguments": {"parquet": None}},
    },
    "sample": {"summary": "A synthetic hospital to try things on", "value": {"kind": "sample", "arguments": {}}},
    "export": {
        "summary": "Every CT series as CSV",
        "value": {
            "kind": "export",
            "arguments": {
                "state": "v=1&f=Modality%3ACT",
                "format": "csv",
                "fields": ["PatientID", "Modality", "StudyDate"],
            },
        },
    },
    "retry": {"summary": "Read again what is in quarantine", "value": {"kind": "retry", "arguments": {}}},
}
QUEUED: Final[dict[str, Any]] = {
    "id": EXAMPLE_ID,
    "kind": "index",
    "arguments": {"sources": [FOLDER], "prune": False},
    "status": "queued",
    "cancelling": False,
    "attempts": 0,
    "progress": None,
    "result": None,
    "error": None,
    "created": "2026-11-28T09:30:00.000Z",
    "started": None,
    "finished": None,
}
RUNNING: Final[dict[str, Any]] = {
    **QUEUED,
    "status": "running",
    "attempts": 1,
    "progress": {
        "phase": "indexing",
        "message": "reading files",
        "done": 1_280,
        "total": 4_210,
        "unit": "files",
        "rate": 850.5,
        "eta": 3.4,
    },
    "started": "2026-11-28T09:30:00.400Z",
}
