"""Rearrangements, families and corrections: what every test stands on."""
