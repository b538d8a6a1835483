"""The grading API as an OpenAPI document, made from the table of routes and the types of their functions."""

import inspect
import re
from typing import Any

from pydantic import TypeAdapter

from tinytorch_lab import __version__
from tinytorch_lab.api.courses.calls import Download, Route
from tinytorch_lab.api.courses.routes import ROUTES

_REFERENCES = "#/components/schemas/{model}"
_ERRORS = {
    "400": "The request is wrong; the message says which field.",
    "401": "Nobody is logged in.",
    "403": "The caller's role does not allow this.",
    "404": "There is no such thing, or not for this caller.",
    "409": "It cannot be done as things stand.",
    "413": "The request is too large.",
    "429": "Too many requests.",
    "503": "The course cannot be used at the moment.",
}


def openapi_document() -> dict[str, Any]:
    """Return the document (OpenAPI 3.1) of everything below ``courses/{course}/``."""
    adapters = _adapters()
    schemas, definitions = TypeAdapter.json_schemas(
        [(key, mode, adapter) for (key, mode), adapter in adapters.items()], ref_template=_REFERENCES
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        place = paths.setdefault(f"/courses/{{course}}/{route.pattern}", {})
        place[route.method.lower()] = _operation(route, schemas)
    error = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "TinyTorch Lab grading API", "version": __version__},
        "servers": [{"url": "/services/tinytorch-lab/api"}],
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Error": error},
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
        "security": [{"token": []}],
    }


def _adapters() -> dict[tuple[str, Any], TypeAdapter[Any]]:
    found: dict[tuple[str, Any], TypeAdapter[Any]] = {}
    for route in ROUTES:
        if route.body not in (None, bytes):
            found[_key(route), "validation"] = TypeAdapter(route.body)
        if route.result not in (None, type(None), Download):
            found[_key(route), "serialization"] = TypeAdapter(route.result)
    return found


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    summary = (inspect.getdoc(route.answer) or "").splitlines()[0]
    operation: dict[str, Any] = {
        "operationId": f"{route.answer.__module__.rpartition('.')[2]}_{route.answer.__name__}",
        "summary": summary,
        "tags": [route.role],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("course", *re.findall(r"\{(\w+)\}", route.pattern))
        ],
        "responses": {
            str(route.status): _answer(route, schemas),
            **{status: _error(text) for status, text in _ERRORS.items()},
        },
    }
    if route.body is not None:
        kind = "application/x-ipynb+json" if route.body is bytes else "application/json"
        schema = {} if route.body is bytes else schemas[_key(route), "validation"]
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    return operation


def _answer(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    if route.result is Download:
        return {"description": "A file.", "content": {"*/*": {"schema": {}}}}
    if (_key(route), "serialization") not in schemas:
        return {"description": "Done."}
    schema = schemas[_key(route), "serialization"]
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _error(text: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REFERENCES.format(model="Error")}}}
    return {"description": text, "content": content}


def _key(route: Route) -> str:
    return f"{route.method} {route.pattern}"
