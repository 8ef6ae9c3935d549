"""Embeddings on disk: one Lance table for each encoder key, an exact scan over a memory-mapped matrix, top-k."""
