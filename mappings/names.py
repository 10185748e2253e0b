"""What a field name means: the one place where names typed by people and paths in documents are understood.

Understood are DICOM keywords in any case, tags (``00180050``, ``(0018,0050)``), dotted paths through sequences, private
elements by creator (``(0019,"SIEMENS MR HEADER",0C)``), companions (``Manufacturer.canonical``, ``.rule``,
``Modality.group``), offsets (``AcquisitionDateTime.offset``) and the own fields of the registry. Everything comes out
as the path that documents use.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, partial
from typing import Final

from mappings import dictionary
from mappings.field import COMPANIONS, OFFSET, Field, Kind, ResolvedField, kind_of_vr

_SAID: Final = {"rule": "rule of the canonical form"}
"""How the label of a companion says which it is, if not by its name."""

_PRIVATE = re.compile(r'\(([0-9A-Fa-f]{4}),"(.*?)",([0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2})?)\)(?=\.|$)', re.DOTALL)
_TAG = re.compile(r"(?:\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)|([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4}))(?=\.|$)")
_KEYWORD = re.compile(r"[^.]*")
_NEAREST = 3
_SHOWN = 100
_COMPARED = 64
"""Characters of a name that are compared to find the nearest ones; no keyword is longer."""


class UnknownName(LookupError):
    """A name that is no field. ``values`` fills in ``template``, the sentence that says what is wrong with the name.
    ``nearest`` looks for names that are fields; it takes 10 ms, so it is called when somebody wants to know."""

    def __init__(
        self, template: str, name: str, nearest: Callable[[], Sequence[str]] = lambda: (), **values: str
    ) -> None:
        super().__init__(template, name)
        self.template = template
        self.values = values
        self.name = name
        self._nearest = nearest

    @cached_property
    def nearest(self) -> tuple[str, ...]:
        """Up to 3 names that are fields, the registry's first."""
        return tuple(self._nearest())

    def __str__(self) -> str:
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        return self.template.format_map(self.values) + hint


@dataclass(frozen=True, slots=True)
class _Part:
    """One step of a path."""

    key: str
    kind: Kind
    label: str
    vr: str | None = None


class Names:
    """The names of a registry's fields and of the data dictionary."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields: Final[Mapping[str, Field]] = {field.keyword: field for field in fields}
        self._folded: Final[Mapping[str, str]] = {path.casefold(): path for path in self._fields}

    def resolve(self, name: str) -> ResolvedField:
        """The field that ``name`` stands for.

        Raises UnknownName when it is neither in the registry nor in the data dictionary, nor a well-formed private or
        unknown tag; when a step of a path is no sequence; when a companion is asked of a field that has none.
        """
        name = name.strip()
        field = self._fields.get(name)
        if field is None and dictionary.tag_of(name) is None:  # Location is an attribute, location an own field
            field = self._fields.get(self._folded.get(name.casefold(), ""))
        if field is not None:
            return _registered(field)
        head, _, last = name.rpartition(".")
        which = last.casefold()
        if head and which in COMPANIONS:
            return self._companion(self._plain(head), which)
        if head and which in self._more and (found := self._more_of(head, which)):
            return found
        if head and which == OFFSET and (found := self._offset_of(head)):
            return found
        return self._plain(name)

    def _plain(self, name: str) -> ResolvedField:
        parts = self._parts(name)
        path = ".".join(part.key for part in parts)
        field = self._fields.get(path)
        if field is not None:
            return _registered(field)
        label = " › ".join(part.label for part in parts)
        return ResolvedField(path, parts[-1].kind, label, None, parts[-1].vr)

    def _companion(self, of: ResolvedField, which: str) -> ResolvedField:
        if of.field is None or of.field.canonical is None:
            having = ", ".join(path for path, field in self._fields.items() if field.canonical)
            raise UnknownName(
                "{path} has no canonical form ({having} have)",
                f"{of.path}.{which}",
                path=_shown(of.path),
                having=having,
            )
        return _accompanying(of.field, which)

    def _more_of(self, head: str, which: str) -> ResolvedField | None:
        """A companion that not every field has; a name like it may also be an attribute's, below a sequence."""
        try:
            field = self._plain(head).field
        except UnknownName:
            return None
        return _accompanying(field, which) if field and which in field.companions else None

    def _offset_of(self, head: str) -> ResolvedField | None:
        """The offset from UTC of a date and time, or of a private element, which may be one."""
        try:
            of = self._plain(head)
        except UnknownName:
            return None
        if of.kind not in ("datetime", "any"):
            return None
        return ResolvedField(f"{of.path}.{OFFSET}", "string", f"{of.label} ({OFFSET})", of.field, None, OFFSET)

    def _parts(self, name: str) -> list[_Part]:
        """Steps of a dotted path; a creator may itself hold dots, quotes and brackets."""
        parts: list[_Part] = []
        position = 0
        while True:
            before = name[:position]
            if private := _PRIVATE.match(name, position):
                part, end = _private(name, *private.groups()), private.end()
            elif tag := _TAG.match(name, position):
                part, end = self._tagged(name, *(digits for digits in tag.groups() if digits)), tag.end()
            else:
                word = _KEYWORD.match(name, position)
                assert word is not None  # it matches nothing, too
                part, end = self._public(word[0], before), word.end()
            parts.append(part)
            if end == len(name):
                return parts
            if part.kind not in ("sequence", "any"):
                raise UnknownName("{path} is no sequence, nothing lies below it", name, path=_shown(before + part.key))
            position = end + 1

    def _public(self, word: str, before: str) -> _Part:
        tag = dictionary.tag_of(word)
        if tag is None:
            tag = dictionary.tag_of(self._keywords.get(word.casefold(), ""))
        if tag is None:
            if not (before + word).strip():
                raise UnknownName("no field is named (empty)", before + word)
            raise UnknownName(
                "no field is named {path}",
                before + word,
                partial(self._nearest, word, before),
                path=_shown(before + word),
            )
        return _from_dictionary(tag)

    def _tagged(self, name: str, group: str, element: str) -> _Part:
        tag = int(group + element, 16)
        if dictionary.lookup(tag) is not None:
            return _from_dictionary(tag)
        key = f"({group.upper()},{element.upper()})"
        if tag >> 16 & 1 and not 0x10 <= tag & 0xFFFF <= 0xFF:
            creator = f'({group.upper()},"CREATOR",{element[2:].upper()})'
            raise UnknownName(
                "a private element is named by its creator: {creator}, not {key}", name, creator=creator, key=key
            )
        kind: Kind = "string" if tag >> 16 & 1 else "any"
        return _Part(
            key, kind, f"Private Creator {key}" if kind == "string" else key, "LO" if kind == "string" else None
        )

    @cached_property
    def _more(self) -> frozenset[str]:
        return frozenset(name for field in self._fields.values() for name in field.companions)

    @cached_property
    def _keywords(self) -> Mapping[str, str]:
        """Keywords of the data dictionary by their folded form (no two differ in case only)."""
        return {keyword.casefold(): keyword for keyword in dictionary.keywords()}

    @cached_property
    def _spoken(self) -> Mapping[str, str]:
        """Fields of the registry by their folded path and labels: who types Sex or Sexo means PatientSex."""
        spanish = {_bare(field.label_es): path for path, field in self._fields.items()}
        english = {_bare(field.label): path for path, field in self._fields.items()}
        return {**spanish, **english, **self._folded}

    def _nearest(self, word: str, before: str) -> list[str]:
        wanted = _bare(word)[:_COMPARED]
        if not wanted:
            return []
        found = [] if before else [self._spoken[match] for match in get_close_matches(wanted, self._spoken, _NEAREST)]
        if len(found) < _NEAREST:
            found += [self._keywords[match] for match in get_close_matches(wanted, self._keywords, _NEAREST)]
        return [before + keyword for keyword in list(dict.fromkeys(found))[:_NEAREST]]


def _shown(name: str) -> str:
    """A name as an error shows it: on one line, not longer than it takes to recognise it."""
    line = " ".join(name.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _bare(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _registered(field: Field) -> ResolvedField:
    return ResolvedField(field.keyword, field.kind, field.label, field, field.vr)


def _accompanying(field: Field, which: str) -> ResolvedField:
    label = f"{field.label} ({_SAID.get(which, which)})"
    return ResolvedField(f"{field.keyword}.{which}", "string", label, field, None, which)


def _from_dictionary(tag: int) -> _Part:
    entry = dictionary.lookup(tag)
    assert entry is not None
    key = entry.keyword or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    return _Part(key, kind_of_vr(entry.vr), entry.name or key, entry.vr)


def _private(name: str, group: str, creator: str, element: str) -> _Part:
    """A private element: two digits below a creator, all four without one."""
    if not int(group, 16) & 1:
        raise UnknownName("group {group} is even, private elements have odd groups", name, group=group)
    creator = creator.strip(" ")
    digits = element[-2:] if creator else element
    if not creator and len(digits) != 4:
        raise UnknownName(
            "without a creator all four digits of the element are needed: {path}", name, path=_shown(name)
        )
    key = f'({group.upper()},"{creator}",{digits.upper()})'
    return _Part(key, "any", key)
