"""What an error says, kept apart from its words: a sentence with names to fill in, and what fills them.

The sentence is English, and stands where it is said. Who shows it in another language looks the sentence up among its
translations and fills that in (the page does, :mod:`ui.refusals`); everybody else reads it as it is.
"""

from typing import Any, Final


class Message:
    """``Message("{count:,} jobs are waiting", count=3)``: as text it is filled in, ``3 jobs are waiting``.

    What fills a name may be a message itself, as where one sentence quotes another. Braces of the sentence's own are
    doubled, as for ``str.format``.
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: Any) -> None:
        self.template: Final = template
        self.values: Final[dict[str, Any]] = values

    def __str__(self) -> str:
        return self.template.format_map(self.values)

    def content(self) -> dict[str, Any]:
        """The message as JSON holds it: ``template`` and ``values``, a message among these in the same way."""
        return {"template": self.template, "values": {name: _plain(value) for name, value in self.values.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.content()
    return value if isinstance(value, str | int | float) else str(value)
