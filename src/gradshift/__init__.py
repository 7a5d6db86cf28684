"""gradshift: did the hierarchy of the cortex flatten after a drug?"""

from importlib.metadata import version as _version

__version__ = _version("gradshift")
