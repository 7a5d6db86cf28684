"""What an output remembers of how it was made: locks, settings, finished results."""
