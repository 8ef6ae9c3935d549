"""The command line: the tasks that the pages run, for the shell."""
