"""Every quality code that documents add, each with files that have it. The reader's are in tests/headers."""

from collections.abc import Callable
from typing import Any

import pytest

from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.update import SEVERAL_PATIENTS
from dicomlake.headers.quality import codes
from tests.headers.raw import EL, UID, file, identity, meta, read

STUDY = EL.element(0x0020000D, "UI", "1.2.3\0")
SERIES = EL.element(0x0020000E, "UI", "1.2.3.4\0")
SOP_CLASS = EL.element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2\0")


def document(data: bytes, location: str = "one") -> InstanceDocument:
    return build(read(data), location, Origin("test"))


def two_contents() -> dict[str, Any]:
    copies = [document(file(STUDY, SERIES, EL.element(0x00200013, "IS", n)), n) for n in ("1 ", "2 ")]
    return KeptSeries({UID: sorted(copies, key=lambda copy: copy.header_hash)}).body(UID)


EXAMPLES: dict[str, tuple[Callable[[], Any], str]] = {
    "sop-uid-from-file-meta": (
        lambda: document(bytes(128) + b"DICM" + meta() + SOP_CLASS + STUDY + SERIES).body,
        "SOPInstanceUID",
    ),
    "no-study-uid": (lambda: document(file(SERIES)).body, "StudyInstanceUID"),
    "no-series-uid": (lambda: document(file(STUDY)).body, "SeriesInstanceUID"),
    "other-content": (two_contents, "SOPInstanceUID"),
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_document_with_this_flaw_says_so(code: str) -> None:
    make, path = EXAMPLES[code]
    assert [(issue["code"], issue["path"]) for issue in make()["quality"]] == [(code, path)]


def test_every_code_of_documents_has_an_example() -> None:
    of_series = {SEVERAL_PATIENTS}  # test_studies.py
    assert set(EXAMPLES) | of_series == {code.code for code in codes().values() if code.room == "documents"}


def test_a_sound_document_has_no_quality() -> None:
    assert "quality" not in document(file(STUDY, SERIES, before=identity())).body
