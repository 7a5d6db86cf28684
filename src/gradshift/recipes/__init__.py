"""Denoising recipes: one JSON each; `catalogue` reads them."""
