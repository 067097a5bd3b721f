"""The WSGI entry point, for servers other than `labops serve`."""

from labops.app import create_app

app = create_app()
