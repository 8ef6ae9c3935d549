"""Benchmark sets in the layouts they are published in, and one harness that measures any encoder on them."""
