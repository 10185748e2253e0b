"""What a hit is, and the conditions in force, each of which can be dropped."""

from ui.components import component
from ui.conditions import cleared, conditions, without
from ui.search.address import on, private
from ui.state import KINDS, PageState
from ui.words import say


def choice(state: PageState) -> None:
    """What a hit is, and the conditions in force. It also names the browser's tab: as a message of its own that would
    have the whole page looked at again."""
    options = [{"value": level, "label": say(f"search.{level}")} for level in KINDS]
    component("conditions")(
        key="conditions",
        data={
            "levels": {"label": say("search.hits_are"), "options": options, "chosen": state.level},
            "items": [one.chip() for one in conditions(state)],
            "hint": say("search.everything"),
            "title": title(state),
        },
        on_level_change=on("conditions", "level", lambda state, level: state.asking(level=level, sort=(), open=None)),
        on_drop_change=on("conditions", "drop", without),
        on_clear_change=on("conditions", "clear", lambda state, _: cleared(state)),
    )


def title(state: PageState) -> str:
    """The name of the browser's tab: what is searched, unless that may name a person, since browsers keep titles."""
    said = [] if private(state) else [condition.value for condition in conditions(state)][:4]
    return f"{', '.join(said)} – Dicomlake" if said else "Dicomlake"
