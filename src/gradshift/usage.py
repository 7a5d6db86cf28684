"""Wrong usage of a command: one sentence, and exit code 64 as BIDS execution wants it."""

import argparse
from typing import NoReturn

from gradshift.errors import SettingsError


class Parser(argparse.ArgumentParser):
    """A parser that reports wrong usage with exit code 64."""

    def error(self, message: str) -> NoReturn:
        """Print the problem and where to find help, and leave."""
        self.exit(
            SettingsError.exit_code,
            f"{self.prog}: {message} ({self.prog} --help lists the options)\n",
        )
