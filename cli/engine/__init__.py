"""``dicomlake engine``: what is done to an index as a whole."""

HELP = "work on the index of a lake as a whole"
EXAMPLE = "dicomlake engine migrate --data ./lake"
COMMANDS = ("migrate", "copy", "rollback")
