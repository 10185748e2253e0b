"""JSON answers."""

from typing import Any

import orjson
from fastapi import Response


class Json(Response):
    """Plain data, written by orjson: no model is validated on the way out."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)
