"""Which photos belong to which tile: from folders and scenes to a table, with what became of every photo."""
