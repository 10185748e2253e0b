"""The page Saved: searches under a name, to run, share, rename, forget and compare."""
