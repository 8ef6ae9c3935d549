"""Classify: a list of classes as a map, with areas and accuracy."""
