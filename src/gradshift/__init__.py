"""Did the hierarchy of the cortex flatten after a drug?  A BIDS App."""

from importlib.metadata import version as _version

__version__ = _version("gradshift")
