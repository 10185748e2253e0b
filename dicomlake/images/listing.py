"""The pictures of a series, told from the documents of its instances: which there are, in what order, under what
windows, and why there is none. No file is opened."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from dicomlake.errors import DicomlakeError, NoPictureError, NotAtHandError
from dicomlake.images.pictures import at_hand
from dicomlake.images.windows import AUTO, MOST_HEADER_WINDOWS, ct_presets
from dicomlake.messages import Message

Document = Mapping[str, Any]

_PARALLEL: Final = 1e-3
"""How far the normals of two slices of a stack may differ: the length of the difference of two unit vectors."""


@dataclass(frozen=True, slots=True)
class Image:
    """An instance with pictures. ``frames``: how many; ``number``: its InstanceNumber; ``position``: millimetres along
    the normal of the stack, where the series is one; ``rows`` and ``columns`` in pixels."""

    instance: str
    location: str
    header: str
    frames: int
    number: int | None
    position: float | None
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A window that can be asked for by its name; centre and width in the units of the modality where it has some.
    ``source``: ``header``, ``preset`` (commonly used, not of the header) or ``values``."""

    window: str
    label: str
    center: float | None
    width: float | None
    source: Literal["header", "preset", "values"]


@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures of a series in the order of scrolling; ``none``: why there are none."""

    images: Sequence[Image]
    order: Literal["position", "number"]
    modality: str
    windows: Sequence[Choice]
    thumbnail: int
    """Place of the image that stands for the series."""
    none: DicomlakeError | None

    def missing(self) -> DicomlakeError | None:
        """Why there is no picture that can be had now: as ``none``, or the file is not where it was."""
        if self.none is None:
            try:
                at_hand(self.images[self.thumbnail].location)
            except NotAtHandError as error:
                return error
        return self.none

    @property
    def default(self) -> str:
        """The window that a picture has which is asked for without one."""
        return self.windows[0].window if self.windows else AUTO


def listing(documents: Sequence[Document], *, declared: bool = False) -> Listing:
    """The pictures of a series; ``declared``: it is known from an index only."""
    shown = [document for document in documents if without(document) is None]
    images, order = _ordered(shown)
    by_uid = {str(document["SOPInstanceUID"]): document for document in shown}
    place = _thumbnail([by_uid[image.instance] for image in images])
    chosen = by_uid[images[place].instance] if images else {}
    modality = _text((chosen or (documents[0] if documents else {})).get("Modality"))
    return Listing(images, order, modality, _choices(chosen, modality), place, _none(documents, images, declared))


def without(document: Document) -> NoPictureError | None:
    """Why an instance has no picture, as its header says."""
    uid = _text(document.get("SOPClassUID"))
    words = _words(uid)
    if words is not None:
        return NoPictureError(Message("no picture: this is {words}", words=Message(words))) if words else None
    if not (_number(document.get("Rows")) and _number(document.get("Columns"))):
        return NoPictureError("no picture: the header has no Rows and Columns")
    return None


@cache
def _kinds() -> Sequence[tuple[str, str]]:
    """Beginning of a SOP class UID and the words for it, ``""`` where there is a picture; longest first."""
    rows = yaml.safe_load(Path(__file__).with_name("kinds.yml").read_text(encoding="utf-8"))
    return sorted(((row["uid"], row.get("words", "")) for row in rows), key=lambda row: -len(row[0]))


@cache
def _words(uid: str) -> str | None:
    for beginning, words in _kinds():
        if uid == beginning or (uid.startswith(beginning) and (beginning.endswith(".") or uid[len(beginning)] == ".")):
            return words
    return None


def _none(documents: Sequence[Document], images: Sequence[Image], declared: bool) -> DicomlakeError | None:
    if not documents:
        if declared:
            return NotAtHandError("the series is known from an index only; its files are elsewhere")
        return NotAtHandError("the series is known from its name only")
    return None if images else without(documents[0])


def _ordered(documents: Sequence[Document]) -> tuple[list[Image], Literal["position", "number"]]:
    positions = _positions(documents)
    images = [_image(document, None if positions is None else positions[n]) for n, document in enumerate(documents)]
    images.sort(
        key=lambda image: (
            image.position or 0.0,
            math.inf if image.number is None else image.number,
            image.instance,
        )
    )
    return images, "number" if positions is None else "position"


def _image(document: Document, position: float | None) -> Image:
    frames, number = _number(document.get("NumberOfFrames")), _number(document.get("InstanceNumber"))
    return Image(
        str(document["SOPInstanceUID"]),
        str(document["location"]),
        str(document["headerHash"]),
        max(1, int(frames or 1)),
        None if number is None else int(number),
        position,
        int(_number(document.get("Rows")) or 0),
        int(_number(document.get("Columns")) or 0),
    )


def _positions(documents: Sequence[Document]) -> list[float] | None:
    """Millimetres of each slice along the normal (PS3.3 C.7.6.2.1.1); None when they are no stack of parallel ones."""
    normal: tuple[float, ...] | None = None
    found = []
    for document in documents:
        turned, place = (
            _vector(document.get("ImageOrientationPatient"), 6),
            _vector(document.get("ImagePositionPatient"), 3),
        )
        if turned is None or place is None:
            return None
        (a, b, c), (d, e, f) = turned[:3], turned[3:]
        own = (b * f - c * e, c * d - a * f, a * e - b * d)
        normal = normal or own
        if math.dist(normal, own) > _PARALLEL:
            return None
        found.append(round(sum(n * p for n, p in zip(normal, place, strict=True)), 3))
    return found if len(set(found)) > 1 else None


def _thumbnail(documents: Sequence[Document]) -> int:
    """The place of the image in the middle; of a slide, an overview of it and never its label, which names people."""
    for kind in ("THUMBNAIL", "OVERVIEW"):
        for place, document in enumerate(documents):
            if kind in _texts(document.get("ImageType")):
                return place
    places = [place for place, one in enumerate(documents) if "LABEL" not in _texts(one.get("ImageType"))[2:3]]
    places = places or list(range(len(documents)))
    return places[len(places) // 2] if places else 0


def _choices(document: Document, modality: str) -> list[Choice]:
    choices = [
        Choice(f"header:{n}", label or f"Header {n + 1}", center, width, "header")
        for n, (label, center, width) in enumerate(_offered(document))
        if n < MOST_HEADER_WINDOWS
    ]
    if document and _text(document.get("PhotometricInterpretation")).startswith("MONOCHROME"):
        choices.append(Choice(AUTO, "Automatic", None, None, "values"))
        if modality == "CT":
            choices += [Choice(one.name, one.label, one.center, one.width, "preset") for one in ct_presets()]
    return choices


def _offered(document: Document) -> Iterator[tuple[str, float | None, float | None]]:
    """Explanation, centre and width of the header's tables and windows, numbered as pictures take them."""
    for table in _list(document.get("VOILUTSequence")):
        if isinstance(table, dict):
            yield _text(table.get("LUTExplanation")), None, None
    places = [
        group
        for sequence in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
        for item in _list(document.get(sequence))[:1]
        if isinstance(item, dict)
        for group in _list(item.get("FrameVOILUTSequence"))[:1]
        if isinstance(group, dict)
    ]
    for place in [*places, document]:
        linear = _text(place.get("VOILUTFunction")) not in ("SIGMOID", "LINEAR_EXACT")
        centers, widths = _list(place.get("WindowCenter")), _list(place.get("WindowWidth"))
        labels = _texts(place.get("WindowCenterWidthExplanation"))
        windows = [
            (labels[n] if n < len(labels) else "", float(center), float(width))
            for n, (center, width) in enumerate(zip(centers, widths, strict=False))
            if _number(center) is not None and _number(width) is not None and (width >= 1 or (width > 0 and not linear))
        ]
        if windows:
            yield from windows
            return


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Any) -> list[str]:
    return [one.strip() if isinstance(one, str) else "" for one in _list(value)]


def _text(value: Any) -> str:
    return next(iter(_texts(value)), "")


def _number(value: Any) -> float | None:
    value = next(iter(_list(value)), None)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _vector(value: Any, length: int) -> list[float] | None:
    numbers = [_number(one) for one in _list(value)]
    found = [one for one in numbers if one is not None]
    return found if len(found) == length == len(numbers) else None
