"""Words and images to query vectors, and query vectors to scores that mean something."""
