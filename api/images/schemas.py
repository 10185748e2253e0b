"""Pictures: which there are, and their addresses."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.search.schemas import MAX_NAME
from dicomlake.errors import UsageError
from dicomlake.images.pictures import LARGEST, SMALLEST, THUMBNAIL
from dicomlake.images.windows import DEFAULT, canonical

MOST_THUMBNAILS = 200
MOST_FRAMES = 1_000
MOST_FRAME_NUMBER = 2**31 - 1
"""NumberOfFrames is an IS (PS3.5 6.2)."""


def _window(value: Any) -> str:
    try:
        return canonical(value)
    except UsageError as error:
        raise ValueError(error.message) from None


Uid = Annotated[str, Field(max_length=MAX_NAME)]
Size = Annotated[int, Field(ge=SMALLEST, le=LARGEST, description="Pixels of the longest side, at most")]


class FrameWanted(BaseModel):
    """A frame to be shown."""

    model_config = ConfigDict(extra="forbid")

    instance: Uid = Field(description="SOPInstanceUID")
    frame: int = Field(0, ge=0, le=MOST_FRAME_NUMBER, description="From 0")
    size: Size = 512
    window: Annotated[
        Annotated[str, Field(max_length=64)] | Annotated[list[float], Field(min_length=2, max_length=2)],
        AfterValidator(_window),
    ] = Field(
        DEFAULT,
        description="`default` (the header's first, else automatic), `auto`, `header:0`, a preset (`ct-lung`), or "
        "centre and width",
    )


class LinksWanted(BaseModel):
    """Pictures whose addresses are asked for."""

    model_config = ConfigDict(extra="forbid")

    thumbnails: list[Uid] = Field([], max_length=MOST_THUMBNAILS, description="SeriesInstanceUIDs")
    thumbnail_size: Size = THUMBNAIL
    frames: list[FrameWanted] = Field([], max_length=MOST_FRAMES)


class ThumbnailLink(BaseModel):
    """The address of a thumbnail, or why there is none."""

    model_config = ConfigDict(extra="forbid")

    url: str | None = Field(None, description="Without host; good until `expires`")
    none: str | None = Field(None, description="Why there is no picture at hand, in words")
    code: Literal["no-picture", "not-at-hand", "not-found"] | None = Field(None, description="The same for programs")


class LinksAnswer(BaseModel):
    """Addresses that carry their own permission; whoever has one has the picture until it expires."""

    model_config = ConfigDict(extra="forbid")

    thumbnails: dict[str, ThumbnailLink] = Field(description="By SeriesInstanceUID")
    frames: list[str] = Field(description="In the order they were asked for; without host")
    expires: str = Field(description="When the addresses expire: ISO 8601, UTC")


class ListedImage(BaseModel):
    """An instance with a picture."""

    model_config = ConfigDict(extra="forbid")

    instance: str = Field(description="SOPInstanceUID")
    frames: int = Field(description="How many; numbered from 0")
    number: int | None = Field(None, description="InstanceNumber")
    position: float | None = Field(
        None, description="Millimetres along the normal of the stack, where the series is one"
    )
    rows: int
    columns: int


class WindowChoice(BaseModel):
    """A window that pictures can be asked for with."""

    model_config = ConfigDict(extra="forbid")

    window: str = Field(description="Its name in requests", examples=["header:0"])
    label: str = Field(description="The header's explanation, or the preset's name")
    center: float | None = Field(None, description="Of the image in the middle; in the units of the modality")
    width: float | None = None
    source: Literal["header", "preset", "values"] = Field(
        description="`preset`: commonly used, not of this header; `values`: taken from the values of each frame"
    )


class ImagesAnswer(BaseModel):
    """The images of a series in the order of scrolling."""

    model_config = ConfigDict(extra="forbid")

    SeriesInstanceUID: str
    modality: str
    images: list[ListedImage]
    order: Literal["position", "number"] = Field(description="By position along the normal, or by InstanceNumber")
    thumbnail: int = Field(description="Place in `images` of the one that stands for the series")
    windows: list[WindowChoice] = Field(description="Empty for colour")
    default: str = Field(description="The window of a picture that is asked for without one")
    none: str | None = Field(None, description="Why there is no picture, or none at hand, in words")
    code: Literal["no-picture", "not-at-hand"] | None = Field(None, description="The same for programs")
