"""A document built again from what is kept of it, by the rules and tables of this process."""

from typing import Any
from urllib.parse import unquote

from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.headers import Header
from dicomlake.headers.header import Issue
from dicomlake.headers.quality import codes

_ADDED = ("lifted", "vr", "patientKey", "organisation", "source", "location", "fileSize", "headerHash", "quality")


def rebuild(document: InstanceDocument) -> InstanceDocument:
    """The document that :func:`build` gives for the header this one was built from.

    What building adds is taken away and made anew: companions, lifted attributes, surrogate UIDs, patient keys and its
    own quality codes. What the reader said of the header stays as it was said.
    """
    body = dict(document.body)
    added = {key: body.pop(key, None) for key in _ADDED}
    for key in [*(added["lifted"] or ()), *(key for key in body if _is_companion(key))]:
        body.pop(key, None)
    issues = []
    for issue in added["quality"] or ():
        code = codes().get(issue["code"])
        if code is None or code.room != "documents":
            issues.append(Issue(issue["code"], issue["path"], issue["detail"]))
        else:
            body.pop(issue["path"], None)  # the UID that stood in for one that was missing
    header = Header(body, added["vr"] or {}, issues, "", 0, document.header_hash, document.size)
    origin = Origin(added["source"] or "", added["organisation"] or "", _issuer(added["patientKey"]))
    return build(header, document.location, origin)


def _is_companion(key: str) -> bool:
    """Keys at the top level are keywords, tags, or private names, which begin with a parenthesis."""
    return key[0] != "(" and "." in key


def _issuer(patient_key: Any) -> str:
    """The issuer that the key of a patient begins with; of a patient without an id there is none to know."""
    issuer, colon, _ = str(patient_key or "").partition(":")
    return unquote(issuer) if colon and issuer[:1] != "?" else ""
