"""The page Quality: what is wrong with headers, what is missing, which values no rule knows, what was not indexed."""
