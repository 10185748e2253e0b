"""The registry's values: a field, its kind, its privacy class.

The *kind* says how values are typed, indexed and compared; it follows from the VR (PS3.5 section 6.2):

========== ===================================================================================================
kind       VRs and values
========== ===================================================================================================
string     AE AS AT CS LO SH UC UR: compared whole
text       LT PN ST UT, and registry fields flagged ``text``: compared whole and by words
uid        UI
integer    IS SL SS SV UL US UV
float      DS FD FL
date       DA
time       TM
datetime   DT
binary     OB OD OF OL OV OW: only present or missing
sequence   SQ: only present or missing; its attributes are fields of their own, by dotted path
any        private elements, UN, unknown tags, and elements that are numbers or bytes by context
========== ===================================================================================================

*Privacy classes*, from PS3.15 Table E.1-1 (Application Level Confidentiality Profile Attributes, edition 2026d):

``phi``
    Identifies a person, an event of theirs, an institution or an object: listed in the table and kept by no option
    named under ``quasi``. Names, identifiers, dates and times, UIDs of instances, comments about the patient.
``quasi``
    Listed in the table, yet kept by the option Retain Patient Characteristics or Retain Device Identity, or kept after
    cleaning by Clean Descriptors. Identifies only together with other values; a ``text`` field of this class may hold
    names in its words and is shown to nobody but stewards before it is cleaned.
``none``
    Not listed.

The registry may be stricter than the table, never laxer.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal[
    "string", "text", "uid", "integer", "float", "date", "time", "datetime", "binary", "sequence", "any"
]  # fmt: skip
Level = Literal["patient", "study", "series", "equipment", "instance"]
"""The information entity (PS3.3 A.1.2) an attribute describes, ``instance`` for everything of one SOP instance."""
Privacy = Literal["phi", "quasi", "none"]

COMPANIONS: Final = ("canonical", "rule")
"""What every field with canonical values has beside them."""

OFFSET: Final = "offset"
"""What a date and time (DT) has beside it where it says its offset from UTC: that, as it is written there."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
PRIVACY: Final[tuple[Privacy, ...]] = get_args(Privacy)

_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("AE", "AS", "AT", "CS", "LO", "SH", "UC", "UR"), "string"),
    **dict.fromkeys(("LT", "PN", "ST", "UT"), "text"),
    **dict.fromkeys(("IS", "SL", "SS", "SV", "UL", "US", "UV", "US or SS"), "integer"),
    **dict.fromkeys(("DS", "FD", "FL"), "float"),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "OB or OW"), "binary"),
    "UI": "uid",
    "DA": "date",
    "TM": "time",
    "DT": "datetime",
    "SQ": "sequence",
}


def kind_of_vr(vr: str) -> Kind:
    """Kind of a VR as the data dictionary writes it (``"CS"``, ``"US or SS"``); ``any`` for what it does not settle."""
    return _KINDS.get(vr, "any")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the registry: what people look at, named by its DICOM keyword.

    ``keyword`` is the field's path in documents: a keyword, a dotted path through sequences
    (``RadiopharmaceuticalInformationSequence.Radiopharmaceutical``) or, for own fields, a name in lower camel case.
    ``tag`` is the last attribute's, as ``(gggg,eeee)``; own fields have neither tag nor VR. ``unit`` is UCUM, or None.
    ``label`` is English, ``label_es`` Spanish, as radiologists say it.
    ``canonical`` names the table of ``mappings/canonical`` that normalises its values. ``companions``, names to tables,
    are more paths that follow from the value: ``group`` by table ``modality_group`` is ``Modality.group``.
    """

    keyword: str
    label: str
    label_es: str
    description: str
    group: str
    level: Level
    kind: Kind
    privacy: Privacy
    tag: str | None = None
    vr: str | None = None
    unit: str | None = None
    canonical: str | None = None
    companions: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    facet: bool = False
    histogram: bool = False
    column: bool = False
    text: bool = False
    identity: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedField:
    """What a name means: the ``path`` of values in documents, their kind, a label for people.

    ``field`` is the registry's entry for the path, for a companion that of the field it accompanies, else None.
    ``vr`` is None where it differs from file to file (private and unknown elements) or there is none (own fields).
    ``companion`` is ``canonical``, ``rule`` or one of the field's own.
    """

    path: str
    kind: Kind
    label: str
    field: Field | None = None
    vr: str | None = None
    companion: str | None = None
