"""What reading a header gives."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Value: TypeAlias = "str | int | float | list[Value] | dict[str, Value] | None"
"""A value of a document: see :class:`Header` for which VR becomes what."""


class Issue(NamedTuple):
    """Something in a header that breaks the standard. ``code`` is one of ``quality.yml``; ``path`` names the attribute
    with dots between sequence levels, without item numbers ("" for the file); ``detail`` never repeats a value, since
    it is shown to people who may not see the value."""

    code: str
    path: str
    detail: str


@dataclass(slots=True)
class Header:
    """The attributes of one DICOM file up to its pixel data, and what was wrong with it.

    ``attributes``: in tag order, file meta first, by DICOM keyword. ``"(0008,1234)"`` for public tags without keyword
    (and the second and further groups of a repeating group), ``'(0019,"SIEMENS MR HEADER",0C)'`` for private elements,
    ``"(0019,0010)"`` for their creators, ``'(0019,"",100C)'`` where no creator reserved the block. Group lengths and
    pixel data are left out. One value is a scalar, several are a list, none is None; a sequence is a list of objects.

    ======================================= ============================================================================
    VR                                      value
    ======================================= ============================================================================
    AE AS CS DA DT LO LT PN SH ST TM UC     str in DICOM form, padding stripped; a PN whole (``"A^B=I=P"``)
    UI UR UT
    IS SL SS SV UL US UV                    int
    DS FD FL                                float
    AT                                      ``"(gggg,eeee)"``
    OB OD OF OL OV OW UN                    ``{"InlineBinary": base64}`` up to 1,024 bytes,
                                            else ``{"length", "sha256"}``
    more than 256 values, any VR            ``{"count", "min", "max", "sha256", "first"}``: ``first`` are 16 values,
                                            ``min`` and ``max`` for numbers only, ``sha256`` of the encoded value
    ======================================= ============================================================================

    A value that breaks its VR stays text (bytes without a text stay binary), with an issue.
    """

    attributes: dict[str, Value]
    vrs: dict[str, str]
    """VR by path (as in issues) of private elements and of those whose VR is not the data dictionary's."""
    issues: list[Issue]
    transfer_syntax: str
    """UID of the transfer syntax; where the file says none or a wrong one, that of the encoding found."""
    length: int
    """Bytes from the start of the file to the pixel data or the end; of a deflated data set, once inflated."""
    sha256: str
    """SHA-256 of those bytes, hex."""
    size: int
    """Bytes of the file."""
