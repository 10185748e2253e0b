"""The library of Dicomlake: headers, documents, engines, searches, and the lakes that hold them."""

__version__ = "0.1.0"
