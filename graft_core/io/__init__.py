"""Opens and writes rasters and vectors; nothing else does."""
