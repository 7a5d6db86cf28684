"""Reading and making images: the only code that knows voxels on disk."""
