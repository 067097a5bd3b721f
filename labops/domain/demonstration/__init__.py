"""The demonstration: its sites and people, and the mark that says a database holds one."""
