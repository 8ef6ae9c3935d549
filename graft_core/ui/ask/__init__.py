"""Ask: from a question to its answer, its program and its evidence."""
