"""Trains the teacher and the GRAFT encoders; the losses are pure functions, the loop is one visible step."""
