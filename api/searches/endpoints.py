"""Searches that are kept: ``/api/v1/searches``."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Request, Response
from fastapi.openapi.models import Example

from api.problems import documented
from api.responses import Json
from api.searches.schemas import SavedSearchAnswer, SavedSearchesAnswer, SearchBody, SearchChange
from api.states import ID, TheState, TheUser, instant, tagged
from dicomlake.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    LimitError,
    LinkVersionError,
    MalformedBodyError,
    NameTakenError,
    NotFoundError,
    QueryError,
    StateError,
    UnsupportedBodyError,
)
from dicomlake.state import SavedSearch

router = APIRouter(prefix="/api/v1/searches", tags=["searches"])

EXAMPLE_ID: Final = "5f0c2b7e9d4a4c1f8e3b6a7d9c0e1f2a"
_EXAMPLE = {
    "id": EXAMPLE_ID,
    "name": "Thin chest CTs",
    "state": "v=1&q=SliceThickness%3A%5B0+TO+1.5%5D&f=Modality%3ACT&f=BodyPartExamined%3ACHEST",
    "shared": False,
    "created": "2026-11-28T09:30:00.000Z",
    "used": "2026-11-28T09:30:00.000Z",
}
REQUESTS: Final[dict[str, Example]] = {
    "address": {
        "summary": "For an address that does not tell whom it is about",
        "value": {"state": "v=1&q=PatientName%3ADoe*"},
    },
    "saved": {
        "summary": "Saved under a name",
        "value": {"state": _EXAMPLE["state"], "name": "Thin chest CTs", "shared": False},
    },
}
CHANGES: Final[dict[str, Example]] = {
    "name": {"summary": "Another name", "value": {"name": "Thin CTs of the chest"}},
    "share": {"summary": "Share it", "value": {"shared": True}},
}
SearchId = Annotated[
    str,
    Path(pattern=ID, description="The id that POST gave", openapi_examples={"one": {"value": EXAMPLE_ID}}),
]
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)
_REFUSED = (InvalidRequestError, QueryError, LinkVersionError, NameTakenError, LimitError, StateError)


@router.post(
    "",
    status_code=201,
    response_model=SavedSearchAnswer,
    responses=documented(*_BODY, *_REFUSED, example=_EXAMPLE, status=201),
)
def keep(state: TheState, user: TheUser, body: Annotated[SearchBody, Body(openapi_examples=REQUESTS)]) -> Response:
    """Keep a search: under a name, or without one for an address that must not tell what it asks for.

    The same search without a name is kept once and has the same id again.
    """
    kept = state.state().searches.add(user, body.state, body.name, shared=body.shared)
    return Json(_shown(kept), 201, headers={"Location": f"/api/v1/searches/{kept.id}"})


@router.get(
    "",
    response_model=SavedSearchesAnswer,
    responses=documented(StateError, example={"searches": [_EXAMPLE]}, tagged=True),
)
def listed(request: Request, state: TheState, user: TheUser) -> Response:
    """The searches that were saved under a name, and those that are shared; the newest first."""
    return tagged(request, {"searches": [_shown(one) for one in state.state().searches.listed(user)]})


@router.get(
    "/{id}",
    response_model=SavedSearchAnswer,
    responses=documented(NotFoundError, InvalidRequestError, StateError, example=_EXAMPLE, tagged=True),
)
def search(request: Request, state: TheState, user: TheUser, id: SearchId) -> Response:
    """One search, one's own or a shared one, by its id. It counts as used."""
    return tagged(request, _shown(state.state().searches.get(user, id)))


@router.patch(
    "/{id}", response_model=SavedSearchAnswer, responses=documented(*_BODY, *_REFUSED, NotFoundError, example=_EXAMPLE)
)
def change(
    state: TheState, user: TheUser, id: SearchId, body: Annotated[SearchChange, Body(openapi_examples=CHANGES)]
) -> Response:
    """Give a search of one's own another name, another content, share it or keep it to oneself."""
    changes = {("text" if name == "state" else name): getattr(body, name) for name in body.model_fields_set}
    return Json(_shown(state.state().searches.change(user, id, **changes)))


@router.delete(
    "/{id}",
    status_code=204,
    response_class=Response,
    responses=documented(NotFoundError, InvalidRequestError, StateError),
)
def forget(state: TheState, user: TheUser, id: SearchId) -> Response:
    """Forget a search of one's own."""
    state.state().searches.remove(user, id)
    return Response(status_code=204)


def _shown(kept: SavedSearch) -> dict[str, Any]:
    return {
        "id": kept.id,
        "name": kept.name,
        "state": kept.text,
        "shared": kept.shared,
        "created": instant(kept.created),
        "used": instant(kept.used),
    }
