"""The document of an instance."""

from typing import Any

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
