"""Files in, files out: nipype's thin view of the mathematics."""
