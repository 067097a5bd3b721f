"""Acts that begin at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask

from labops.kernel.db import db, reading
from labops.kernel.errors import Changed, NotFound, Refused

Act = Callable[[], object]


def at_once(app: Flask, *acts: Act) -> list[str]:
    """Let every act begin at the same moment in a thread of its own; return what became of each."""
    together = threading.Barrier(len(acts))
    results = [""] * len(acts)

    def run(number: int, act: Act) -> None:
        with app.app_context():
            together.wait()
            try:
                act()
                results[number] = "done"
            except (Refused, NotFound, Changed) as error:
                results[number] = type(error).__name__
            except Exception as error:  # noqa: BLE001 - a thread must report, not vanish
                results[number] = repr(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reading().rollback()
    reading().expire_all()
    return results
