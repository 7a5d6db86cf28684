"""Pictures: arrays and labels in, a matplotlib Figure out. The caller saves it."""
