"""The search page, a part a module."""
