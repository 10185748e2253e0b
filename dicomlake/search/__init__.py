"""The search service: one answer for the CLI, the API and, through it, the page."""

from dicomlake.engines.budget import Limits
from dicomlake.search.request import SearchRequest
from dicomlake.search.service import Searcher

__all__ = ["Limits", "SearchRequest", "Searcher"]
