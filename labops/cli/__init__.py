"""The command line: `labops`, one group a noun."""

from __future__ import annotations

import click

from labops import __version__
from labops.cli.db import db
from labops.cli.demo import demo
from labops.cli.doctor import doctor
from labops.cli.feeds import feeds
from labops.cli.jobs import jobs
from labops.cli.machines import machines
from labops.cli.people import people
from labops.cli.rules import rules
from labops.cli.serve import serve
from labops.cli.tokens import tokens


@click.group()
@click.version_option(__version__, package_name="labops")
def main() -> None:
    """Bookings, check-in and the city's list of labs."""


for command in (serve, demo, db, people, tokens, feeds, machines, rules, jobs, doctor):
    main.add_command(command)
