"""``python -m graft_core``."""

from graft_core.cli import main

main()
