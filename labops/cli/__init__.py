"""The command line: `labops`, one group a noun."""

from __future__ import annotations

from importlib import import_module

import click

from labops import __version__

COMMANDS = (
    "serve", "demo", "db", "people", "tokens", "feeds", "machines", "labs", "rules",
    "matches", "jobs", "backup", "restore", "doctor",
)  # fmt: skip


class _Commands(click.Group):
    """Commands that are loaded when they are asked for: a server keeps what it loads in memory."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, in the order in which help shows them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command that its module calls by the same name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"labops.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=_Commands)
@click.version_option(__version__, package_name="labops")
def main() -> None:
    """Bookings, check-in and the city's list of labs."""
