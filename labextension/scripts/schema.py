"""Print the JSON schema of everything on the wire, for ``generate-types.mjs``."""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from tinytorch_lab.api.schemas import TOP_LEVEL


def wire_schema() -> dict[str, Any]:
    """Return one schema with a definition for every model that crosses the wire."""
    _, schema = TypeAdapter.json_schemas([(kind, "serialization", TypeAdapter(kind)) for kind in TOP_LEVEL])
    definitions: dict[str, Any] = schema["$defs"]
    for definition in definitions.values():
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
    json.dump(wire_schema(), sys.stdout)
