"""Which pictures a page of hits and a viewer show, and what the API says of their addresses. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ui.refusals import formed_in_words

SMALL: Final = 128
"""Pixels of a thumbnail in the table, twice its size on the page for dense screens."""
CARD: Final = 256
LARGE: Final = 768
"""Pixels of a frame in the viewer."""
TRIED: Final = 3
"""Series of a study or a patient of which the first with a picture stands for it."""
MOST: Final = 200
"""Series that one request may ask for."""
AROUND: Final = 24
"""Frames on each side of the one that is shown, whose addresses are asked for together."""


def by_owner(level: str, identity: str, series: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The series that may stand for each study or patient, by the name of its row."""
    found: dict[str, list[str]] = {}
    for one in series:
        uids = found.setdefault(f"{level}:{one.get(identity)}", [])
        if len(uids) < TRIED:
            uids.append(str(one["SeriesInstanceUID"]))
    return found


def of_owners(owners: Mapping[str, Sequence[str]], thumbnails: Mapping[str, Any]) -> dict[str, Any]:
    """The picture of each study or patient: that of its first series that has one, else why the first has none."""
    found = {}
    for owner, uids in owners.items():
        links = [thumbnails[uid] for uid in uids if uid in thumbnails]
        if links:
            found[owner] = next((link for link in links if "url" in link), links[0])
    return found


def in_words(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A listing or an address, with the reason why there is none in the language in force."""
    why = shown.get("none")
    return {**shown, "none": formed_in_words(why) or why} if why else dict(shown)


def frame(instance: str, number: int = 0, size: int = LARGE, window: str = "default") -> dict[str, Any]:
    """A frame as ``POST /api/v1/images/links`` is asked for it."""
    return {"instance": instance, "frame": number, "size": size, "window": window}


def name(instance: str, number: int, window: str) -> str:
    """What a frame is called in the browser."""
    return f"{instance}/{number}@{window}"


def start(listing: Mapping[str, Any], viewer: Mapping[str, Any]) -> int:
    """The frame to begin with: the first of an instance that is open, else the middle one of the series."""
    images = listing["images"]
    opened = viewer["instance"] if str(viewer["opened"]).startswith("instance:") else None
    at = next((n for n, one in enumerate(images) if one["instance"] == opened), None)
    if at is not None:
        return _frames(images[:at])
    middle = int(listing["thumbnail"])
    return _frames(images[:middle]) + int(images[middle]["frames"]) // 2


def _frames(images: Sequence[Mapping[str, Any]]) -> int:
    return sum(int(one["frames"]) for one in images)


def part(listing: Mapping[str, Any], place: int) -> list[tuple[str, int]]:
    """The frames around a place."""
    start = max(0, place - AROUND)
    found: list[tuple[str, int]] = []
    seen = 0
    for one in listing["images"]:  # not all of them: a series may have 100,000 frames
        first, last = max(start - seen, 0), min(place + AROUND + 1 - seen, one["frames"])
        found.extend((one["instance"], number) for number in range(first, last))
        seen += one["frames"]
        if seen > place + AROUND:
            break
    return found
