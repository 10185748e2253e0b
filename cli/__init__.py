"""The command ``dicomlake``: one module a command, imported when it is called."""
