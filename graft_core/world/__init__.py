"""The demo world: imagery, ground photos, captions and truth, made from a seed."""
