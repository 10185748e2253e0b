"""Attributes to instance documents, series roll-ups and what engines index."""
