"""Let ``python -m gradshift`` be the command line."""

import sys

from gradshift.cli import main

sys.exit(main())
