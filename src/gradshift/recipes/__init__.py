"""Denoising recipes: one JSON each."""
