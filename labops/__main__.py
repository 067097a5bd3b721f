"""Let `python -m labops` be the command line."""

from labops.cli import main

main(prog_name="labops")
