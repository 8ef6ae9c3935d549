"""One harness for every encoder: the metrics, and the worlds and sets they are measured on."""
