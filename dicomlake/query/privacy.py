"""Whether a search names what identifies people, so that its address must not tell what it asks for.

By rule, with the registry's privacy classes (:mod:`mappings.field`) and nothing guessed from values:

- a condition on a field of class ``phi`` names it, in the query text, a filter, a range or an exclusion;
- words without a field are looked for in all text fields, and names of patients are among these;
- so are fields that the registry does not class, private ones included, and a text that cannot be read;
- an open patient is addressed by the patient key, which holds the patient id. UIDs of studies, series and instances
  are how DICOM addresses these things (PS3.18 10.3), and an open one does not count.

The order, the columns and the page say nothing about a person.
"""

from dicomlake.errors import QueryError
from dicomlake.query import ast
from dicomlake.query.names import resolve_name
from dicomlake.query.permalink import SearchState
from dicomlake.query.text import parse


def names_phi(state: SearchState) -> bool:
    """Whether the address of this search has to be an opaque id. Pure; raises nothing."""
    if state.open is not None and state.open.level == "patient":
        return True
    if any(_is_phi(name) for names in (state.filters, state.exclude, state.ranges) for name in names):
        return True
    try:
        return any(_leaf_names_phi(leaf) for leaf in ast.leaves(parse(state.q)))
    except QueryError:
        return True


def _leaf_names_phi(leaf: ast.Leaf) -> bool:
    match leaf:
        case ast.MatchAll():
            return False
        case ast.Text() | ast.Phrase(None) | ast.Wildcard(None):
            return True
        case _:
            assert leaf.field is not None
            return _is_phi(leaf.field)


def _is_phi(name: str) -> bool:
    try:
        field = resolve_name(name).field
    except QueryError:
        return True
    return field is None or field.privacy == "phi"
