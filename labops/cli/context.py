"""What commands share: the application, and how a refusal reads in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
from flask_babel import force_locale

from labops.app import create_app
from labops.blueprints.messages import sentence_for
from labops.kernel.db import db, reading
from labops.kernel.errors import Forbidden, Invalid, LabopsError, NotFound, Refused
from labops.settings import SettingsError, load_settings

Command = TypeVar("Command", bound=Callable[..., Any])


def with_app(command: Command) -> Command:
    """Run a command inside the application; a refusal is a sentence and exit status 1."""

    @wraps(command)
    def inside(*args: Any, **kwargs: Any) -> Any:
        try:
            app = create_app(load_settings())
        except SettingsError as error:
            raise click.ClickException(str(error)) from error
        with app.test_request_context(), force_locale("en"):
            try:
                return command(*args, **kwargs)
            except LabopsError as error:
                raise click.ClickException(sentences(error)) from error
            finally:
                # A command that leaves connections open is warned about, and waits for them.
                reading().close()
                db.engine.dispose()

    return inside  # type: ignore[return-value]


def sentences(error: LabopsError) -> str:
    """Return a refusal in words, a line for each reason; lines of a file say where."""
    if isinstance(error, Refused | Invalid):
        return "\n".join(
            _place(problem.params) + sentence_for(problem) for problem in error.problems
        )
    if isinstance(error, NotFound):
        return "There is no such thing here."
    if isinstance(error, Forbidden):
        return "That is not allowed."
    return str(error) or type(error).__name__


def _place(params: Any) -> str:
    where = f"line {params['line']}, " if "line" in params else ""
    column = params.get("field", "")
    return f"{where}{column}: " if where or column else ""
