"""Print the JSON schema of everything on the wire, for ``generate-types.mjs``.

Without an argument that of the student's side, with ``courses`` that of the grading API.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from tinytorch_lab.api.courses.calls import Download
from tinytorch_lab.api.courses.routes import ROUTES
from tinytorch_lab.api.schemas import TOP_LEVEL

Kind = tuple[Any, Any]


def student_kinds() -> list[Kind]:
    """Return the student's side: everything is described as it is sent."""
    return [(kind, "serialization") for kind in TOP_LEVEL]


def course_kinds() -> list[Kind]:
    """Return what the routes of a course take and give."""
    bodies = [(route.body, "validation") for route in ROUTES if route.body not in (None, bytes)]
    results = [(route.result, "serialization") for route in ROUTES if route.result not in (type(None), Download)]
    return list(dict.fromkeys([*bodies, *results]))


def wire_schema(kinds: Iterable[Kind]) -> dict[str, Any]:
    """Return one schema with a definition for every model among ``kinds``."""
    named = [(str(kind), mode, TypeAdapter(kind)) for kind, mode in kinds]
    _, schema = TypeAdapter.json_schemas(named)
    definitions: dict[str, Any] = schema["$defs"]
    for definition in definitions.values():
        if "properties" in definition:
            # A dataclass has no further fields either, though its schema does not say so.
            definition.setdefault("additionalProperties", False)
        for field in definition.get("properties", {}).values():
            # json-schema-to-typescript would name an alias after every titled field,
            # and knows tuples only by the keyword of older drafts.
            field.pop("title", None)
            if "prefixItems" in field:
                field["items"] = field.pop("prefixItems")
    return {
        "title": "Wire",
        "type": "object",
        "additionalProperties": False,
        "$defs": definitions,
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in definitions},
        "required": list(definitions),
    }


if __name__ == "__main__":
    json.dump(wire_schema(course_kinds() if sys.argv[1:] == ["courses"] else student_kinds()), sys.stdout)
