#!/usr/bin/env python3
"""The entry point of the BIDS App."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    installed = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
    if find_spec("gradshift") is None:
        if not installed.exists():
            sys.exit("gradshift is not installed here: run 'make install' or 'pip install .'.")
        os.execv(installed, [str(installed), *sys.argv])
    from gradshift.cli import main

    sys.exit(main())
