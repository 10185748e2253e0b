"""The document of an instance."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class InstanceAnswer(BaseModel):
    """Every attribute of the header under its keyword, in tag order, and Dicomlake's own fields behind."""

    model_config = ConfigDict(extra="allow")

    SOPInstanceUID: str
    SeriesInstanceUID: str
    StudyInstanceUID: str
    location: str = Field(description="Where the file is")
    source: str
    fileSize: int = Field(description="Bytes")
    headerHash: str = Field(description="SHA-256 of the header's bytes")
    patientKey: str = Field(description="Issuer and PatientID")
    vr: dict[str, str] = Field({}, description="VR by path where it is not the dictionary's")
    quality: list[dict[str, Any]] = Field([], description="What is wrong with the header: code, path, detail")


class LeftOutAttribute(BaseModel):
    """An attribute that the header had and this answer has not."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="Its name in queries")
    tag: str | None = None
    vr: str
    reason: Literal["long", "many", "broken", "no-block", "made-up"]
    kept: Any = Field(None, description="What the lake has of it")


class ModelAnswer(BaseModel):
    """A header in the DICOM JSON model (PS3.18 annex F)."""

    model_config = ConfigDict(extra="forbid")

    dataset: dict[str, dict[str, Any]] = Field(description="Attributes by tag: vr, and Value or InlineBinary")
    left_out: list[LeftOutAttribute]


class Node(BaseModel):
    """An attribute."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="Its name in queries")
    tag: str | None = Field(None, description="8 digits; not there for a private element whose block is not reserved")
    vr: str
    name: str = Field(description="As the data dictionary names it; empty when nobody does")
    creator: str | None = Field(None, description="Of a private element")
    value: Any = Field(None, description="As in the document; not there when empty")
    items: list[list["Node"]] | None = Field(None, description="Of a sequence")
    issues: list[str] = Field(description="Quality codes")
    details: list[str] | None = Field(None, description="To each of them, what is wrong, in words")
    canonical: Any = Field(None, description="The normalised value; `value` is what the header has")
    rule: Any = Field(None, description="The rule that fired; `unmapped` when none knows the value")
    companions: dict[str, Any] | None = Field(None, description="What else the tables say: `group`, `laterality`")


class TreeAnswer(BaseModel):
    """A header as a tree, in tag order."""

    model_config = ConfigDict(extra="forbid")

    attributes: list[Node]
