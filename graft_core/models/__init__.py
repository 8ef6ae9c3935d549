"""Encoders: weights in, numpy out. The registry says which there are; torch is imported when a tower is first used."""
