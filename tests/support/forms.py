"""Send forms as a browser does: with the token of the page they stand on."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def csrf_token(client: FlaskClient, page: str) -> str:
    """Return the token of a page."""
    answer = client.get(page)
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert found, f"{page} ({answer.status_code}) holds no form"
    return found.group(1)


def post(
    client: FlaskClient, page: str, url: str, data: dict[str, Any] | None = None, **more: Any
) -> TestResponse:
    """Send a form that stands on a page."""
    return client.post(url, data={"csrf_token": csrf_token(client, page), **(data or {})}, **more)
