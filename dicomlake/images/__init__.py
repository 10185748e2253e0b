"""Frames to pictures: thumbnails and rendered frames of files at hand, in processes of their own, cached on disk.

:class:`~dicomlake.images.pictures.Pictures` is what others use. Only :mod:`dicomlake.images.child` and what it imports
know pydicom and the decoders: they run in processes with limits, never in the service itself.
"""

from dicomlake.images.pictures import Limits, Pictures, Wanted

__all__ = ["Limits", "Pictures", "Wanted"]
