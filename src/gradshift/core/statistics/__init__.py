"""Tests of change, effect sizes and corrections: arrays in, arrays out."""
