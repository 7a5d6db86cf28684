"""Atlases: one JSON each, an image per space, one label table."""
