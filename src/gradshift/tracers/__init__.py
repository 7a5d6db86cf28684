"""Tracers of PET: one JSON each, every fact with its source; `catalogue` reads them."""
