"""What can go wrong before a node answers."""


class OpenSearchToolError(Exception):
    """Root of these errors. The message says what was wrong and what to do."""


class UnavailableError(OpenSearchToolError):
    """This machine lacks what one way to a server needs."""


class NodeError(OpenSearchToolError):
    """A node ended, or did not answer in time."""
