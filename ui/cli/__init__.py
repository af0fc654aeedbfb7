"""The command line. What is imported at its start is small: each command imports what it needs when it runs."""
