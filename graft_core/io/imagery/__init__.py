"""Imagery of other people: catalogues that are searched with STAC, their files read in place or fetched."""
