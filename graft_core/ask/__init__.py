"""Questions about a scene, answered by short programs that can be read."""
