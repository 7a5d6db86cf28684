"""The group level: one file, one table."""
