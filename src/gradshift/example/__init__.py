"""A simulated study with a known answer."""
