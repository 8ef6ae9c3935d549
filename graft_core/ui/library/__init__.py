"""Library: scenes, how to add and remove them, and encoders."""
