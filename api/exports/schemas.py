"""What an export may be asked for."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.search.schemas import ByParameters, Fields, Order, SelectionBody
from dicomlake.search import SearchRequest
from dicomlake.search.export import Format

Columns = Annotated[
    Fields,
    Field(description="Columns, in this order; left out, those that hits have", examples=[["Modality", "StudyDate"]]),
]
FileFormat = Annotated[Format, Field(description="CSV, or JSON lines", examples=["jsonl"])]


class ExportBody(SelectionBody):
    """All hits of a search, as JSON."""

    sort: Order = Field([])
    fields: Columns = Field([])
    format: FileFormat = "csv"

    def request(self) -> SearchRequest:
        """The search this body stands for."""
        return self.selection(sort=self.sort, fields=self.fields)


class ExportParameters(ByParameters):
    """All hits of a search, as parameters of a URL."""

    sort: Order = Field([])
    fields: Columns = Field([])
    format: FileFormat = "csv"

    def request(self) -> SearchRequest:
        """The search these parameters stand for."""
        return self.selection(sort=self.sort, fields=self.fields)


class ExportLink(BaseModel):
    """Where a browser finds a download."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="Without host; says nothing about the search, and is good until `expires`")
    expires: str = Field(description="ISO 8601, UTC")
