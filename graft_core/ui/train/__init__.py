"""Train: pairs, training, and the same query before and after."""
