"""Search satellite and aerial imagery with words: scenes in, density maps, tiles and polygons out."""

__version__ = "0.1.0"
