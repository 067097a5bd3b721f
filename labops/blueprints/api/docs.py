"""The API's description as OpenAPI 3.1, made from the routes, and a page to try it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from flask import Blueprint, Response, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from labops import __version__
from labops.blueprints.access import public
from labops.blueprints.api import schemas
from labops.blueprints.api.base import OPERATIONS, PREFIX, Operation, answered

REFERENCE = "#/components/schemas/{model}"
PROBLEM = {
    "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    }
}
REFUSALS = {
    400: "The body cannot be read",
    401: "No token, or one that is not valid",
    403: "You may see it but not do this to it",
    404: "Unknown, or not yours to see",
    409: "Refused by the rules or by the state",
    412: "Changed meanwhile",
    415: "Not application/json",
    422: "Fields are missing or wrong",
    429: "Too many attempts; see Retry-After",
}


def add_documentation(bp: Blueprint) -> None:
    """Add the two documentation routes."""
    bp.add_url_rule(f"{PREFIX}/openapi.json", "openapi", public(openapi))
    bp.add_url_rule("/api/docs", "docs", public(docs))


def openapi() -> Response:
    """Answer with the description."""
    return answered(description())


def docs() -> str:
    """Show the page to read and try the API."""
    return render_template("api/docs.html")


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document of every registered operation."""
    models = _models()
    modes = [(model, "validation") for model in models]
    _refs, definitions = models_json_schema(modes, ref_template=REFERENCE)  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "labops",
            "version": __version__,
            "description": "Bookings and inventory of makerspaces. Instants are RFC 3339 with an"
            " offset; lists are paged by `limit` and `cursor` with a `Link` header; errors are"
            " RFC 9457 problem details.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "browser": {"type": "apiKey", "in": "cookie", "name": "labops_sign_in"},
            },
        },
    }


def _models() -> list[type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {"ProblemDetails": schemas.ProblemDetails}
    for operation in OPERATIONS:
        for model in (*operation.answers.values(), operation.body):
            if model is not None:
                found[model.__name__] = model
    return list(found.values())


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": re.sub(r"\W+", "-", f"{operation.method.lower()}{operation.path}").strip(
            "-"
        ),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", operation.path)
        ]
        + [
            {
                "name": name,
                "in": "query",
                "description": text,
                "schema": {"type": "integer" if name == "limit" else "string"},
            }
            for name, text in operation.query.items()
        ],
        "responses": {str(status): _answer(model) for status, model in operation.answers.items()}
        | {str(status): {"description": text, **PROBLEM} for status, text in _refusals(operation)},
    }
    if operation.access != "public":
        described["security"] = [{"token": []}, {"browser": []}]
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(operation.body)}},
        }
    if operation.method == "POST" and operation.path == "/bookings":
        described["parameters"].append(_header("Idempotency-Key"))
    if operation.method == "PATCH":
        described["parameters"].append(_header("If-Match"))
    return described


def _refusals(operation: Operation) -> list[tuple[int, str]]:
    statuses = {422, 429}
    if operation.access != "public":
        statuses |= {401}
    if "{" in operation.path or operation.body is not None:
        statuses |= {404}
    if operation.method != "GET":
        statuses |= {403, 409}
    if operation.body is not None:
        statuses |= {400, 415}
    if operation.method == "PATCH":
        statuses |= {412}
    return [(status, REFUSALS[status]) for status in sorted(statuses)]


def _answer(model: type[BaseModel] | None) -> dict[str, Any]:
    if model is None:
        return {"description": "Done"}
    return {
        "description": (model.__doc__ or "").split("\n")[0],
        "content": {"application/json": {"schema": _reference(model)}},
    }


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": {"type": "string"}}
