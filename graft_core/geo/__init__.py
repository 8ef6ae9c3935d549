"""Pure arithmetic on arrays and GeoBoxes; no file, no model."""
