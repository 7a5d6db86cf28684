"""Curves of time and activity, blood, ratios: what every kinetic model stands on."""
