"""Segment: what a query finds as polygons, corrected by clicks."""
