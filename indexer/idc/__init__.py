"""The index of the NCI Imaging Data Commons: its series declared in a lake."""

from indexer.idc.load import Imported, load

__all__ = ["Imported", "load"]
