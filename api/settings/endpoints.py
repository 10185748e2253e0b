"""Settings of a user, such as a page's columns: ``/api/v1/settings``."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Request, Response
from fastapi.openapi.models import Example

from api.problems import documented
from api.responses import Json
from api.settings.schemas import SettingAnswer, SettingsAnswer
from api.states import TheState, TheUser, tagged
from dicomlake.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    LimitError,
    MalformedBodyError,
    NotFoundError,
    StateError,
    UnsupportedBodyError,
)
from dicomlake.state.preferences import KEY

router = APIRouter(prefix="/api/v1/settings", tags=["settings"])

EXAMPLE_KEY: Final = "page.columns"
_EXAMPLE = {"key": EXAMPLE_KEY, "value": ["Modality", "StudyDate", "SeriesDescription"]}
VALUES: Final[dict[str, Example]] = {
    "list": {"summary": "Names in an order", "value": _EXAMPLE["value"]},
    "object": {"summary": "An object", "value": {"density": "compact", "dark": True}},
}
Key = Annotated[
    str,
    Path(
        pattern=KEY,
        description="A name of small letters, points and hyphens",
        openapi_examples={"columns": {"value": EXAMPLE_KEY}},
    ),
]
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)


@router.get(
    "",
    response_model=SettingsAnswer,
    responses=documented(StateError, example={"settings": {EXAMPLE_KEY: _EXAMPLE["value"]}}, tagged=True),
)
def settings(request: Request, state: TheState, user: TheUser) -> Response:
    """Every setting of the user, by name."""
    return tagged(request, {"settings": state.state().preferences.all(user)})


@router.get(
    "/{key}",
    response_model=SettingAnswer,
    responses=documented(NotFoundError, InvalidRequestError, StateError, example=_EXAMPLE, tagged=True),
)
def setting(request: Request, state: TheState, user: TheUser, key: Key) -> Response:
    """One setting."""
    return tagged(request, {"key": key, "value": state.state().preferences.get(user, key)})


@router.put(
    "/{key}",
    response_model=SettingAnswer,
    responses=documented(*_BODY, InvalidRequestError, LimitError, StateError, example=_EXAMPLE),
)
def put(state: TheState, user: TheUser, key: Key, value: Annotated[Any, Body(openapi_examples=VALUES)]) -> Response:
    """Write a setting: any JSON of up to 64 KiB but a bare null; a user has 100 at most."""
    state.state().preferences.put(user, key, value)
    return Json({"key": key, "value": value})


@router.delete(
    "/{key}",
    status_code=204,
    response_class=Response,
    responses=documented(NotFoundError, InvalidRequestError, StateError),
)
def forget(state: TheState, user: TheUser, key: Key) -> Response:
    """Forget a setting."""
    state.state().preferences.remove(user, key)
    return Response(status_code=204)
