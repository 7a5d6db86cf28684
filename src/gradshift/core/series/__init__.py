"""From voxels to clean series and matrices: means, denoising, censoring, spectra, maps."""
