"""What a site adds of its own: canonical values, and which patient ids are one person."""

from dicomlake.site.site import Site, current, load, use

__all__ = ["Site", "current", "load", "use"]
