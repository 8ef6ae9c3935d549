"""One verb of the analyst each: index a scene, map a density, retrieve tiles, replay an export."""
