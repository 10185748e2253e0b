"""What the archive will hold, before any byte is written: patients, studies, series, instances."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sample.chance import Chance
from sample.forms import Attributes

Pixels = Callable[[], bytes]
"""Draws the native little-endian pixel bytes of an instance when they are written."""


@dataclass(frozen=True, slots=True)
class Patient:
    """One person. ``latin`` is the name in ASCII; ``charset`` is None unless the name needs one of its own."""

    number: int
    name: str
    latin: str
    identifier: str
    issuer: str
    birth: date
    sex: str
    height: float
    weight: float
    language: str
    charset: str | None
    address: str
    telephone: str
    chance: Chance

    def age(self, day: date) -> int:
        """Whole years on a day."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


@dataclass(slots=True)
class Study:
    """One visit: an examination of a patient at a site. ``moment`` is local wall-clock time."""

    patient: Patient
    number: int
    exam: dict[str, Any]
    site: dict[str, Any]
    moment: datetime
    uid: str
    accession: str
    description: str
    reason: str
    physicians: tuple[str, str, str]
    chance: Chance


@dataclass(slots=True)
class Instance:
    """One file: what differs between the files of its series. ``burned``: text in the pixels and its rectangle."""

    number: int
    uid: str
    attributes: Attributes
    pixels: Pixels | None = None
    burned: list[dict[str, Any]] = field(default_factory=list)
    dose: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Series:
    """What the files of a series share. ``attributes`` include those of patient, study and equipment."""

    study: Study
    device: dict[str, Any]
    number: int
    uid: str
    moment: datetime
    sop_class: str
    charset: str
    syntax: str
    attributes: Attributes
    instances: list[Instance]
    dose: dict[str, Any] = field(default_factory=dict)
    role: str = "image"

    @property
    def modality(self) -> str:
        return str(self.attributes["Modality"])


def da(moment: date) -> str:
    """DICOM date (VR DA)."""
    return moment.strftime("%Y%m%d")


def tm(moment: datetime | time, fraction: bool = False) -> str:
    """DICOM time (VR TM), with microseconds or without."""
    return moment.strftime("%H%M%S.%f" if fraction else "%H%M%S")


def later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


def offset(moment: datetime, winter: int, summer_time: bool) -> str:
    """TimezoneOffsetFromUTC (0008,0201), from the hours in winter and European summer time."""
    starts, ends = (_last_sunday(moment.year, month) for month in (3, 10))
    hours = winter + (summer_time and starts <= moment.date() < ends)
    return f"{hours:+03d}00"


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def unix_time(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())
