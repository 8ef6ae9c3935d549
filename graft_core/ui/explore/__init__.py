"""Explore: a query as a map, the best places, and files."""
