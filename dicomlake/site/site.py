"""The site's own files, read once a process. What they say goes into every document, so a lake has their hashes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomlake import settings
from dicomlake.errors import SiteFileError
from dicomlake.site import patients
from mappings import canonical

if TYPE_CHECKING:
    from mappings.site import Rules


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """The tables of canonical values by name, the site's laid over the project's, and the person of a pair of issuer
    and patient id. The hashes are of what the site's files say, "" when they say nothing.

    ``persons`` must get into no log and no message. Equal only to itself, so that caches may have it as a key.
    """

    tables: Mapping[str, canonical.Table] = field(repr=False)
    persons: Mapping[tuple[str, str], str] = field(repr=False)
    canonical_hash: str = ""
    patients_hash: str = ""


def load(canonical_file: Path | None = None, patients_file: Path | None = None) -> Site:
    """The site of two files, either of which may be missing. Raises SiteFileError."""
    rules = _rules(canonical_file) if canonical_file else {}
    persons = patients.read(patients_file) if patients_file else {}
    return Site(
        canonical.merged(rules) if rules else canonical.tables(),
        persons,
        _hash(rules),
        _hash(sorted([*key, person] for key, person in persons.items())),
    )


def current() -> Site:
    """The site of this process: that of its settings, or the one it was told to use. Raises SiteFileError."""
    if not _USED:
        chosen = settings.load()
        use(load(chosen.canonical_file, chosen.patients_file))
    return _USED[0]


def use(site: Site) -> None:
    """Make this the site of the process: workers use that of the process that started them."""
    _USED[:] = [site]


_USED: list[Site] = []


def _rules(path: Path) -> "dict[str, Rules]":
    from mappings.site import SiteRulesError, read  # noqa: PLC0415  (loads YAML, and few sites have a file)

    try:
        return read(path.read_text(encoding="utf-8-sig"), canonical.tables())
    except OSError as error:
        raise SiteFileError(f"{path} cannot be read ({error.strerror}); correct DICOMLAKE_CANONICAL_FILE") from error
    except UnicodeDecodeError as error:
        raise SiteFileError(f"{path} is no UTF-8 text; save it as UTF-8") from error
    except SiteRulesError as error:
        raise SiteFileError(f"{path}: {error}") from error


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest() if content else ""
