"""``python -m graft_core``."""

from graft_core.cli.main import main

main()
