"""The search service: one answer for the CLI, the API and, through it, the page."""

from dicomlake.search.request import SearchRequest
from dicomlake.search.service import Searcher

__all__ = ["SearchRequest", "Searcher"]
