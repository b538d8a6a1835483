"""The OpenAPI document says what the routes do."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

from tinytorch_lab.api.courses.openapi import openapi_document
from tinytorch_lab.api.courses.routes import ROUTES


@pytest.fixture(scope="module")
def document():
    return json.loads(json.dumps(openapi_document()))


def test_every_route_is_described_with_all_its_parameters(document):
    for route in ROUTES:
        operation = document["paths"][f"/courses/{{course}}/{route.pattern}"][route.method.lower()]
        assert operation["summary"].endswith(".")
        names = [parameter["name"] for parameter in operation["parameters"]]
        assert names == ["course", *re.findall(r"\{(\w+)\}", route.pattern)]
        assert str(route.status) in operation["responses"]
        assert ("requestBody" in operation) == (route.body is not None)


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)


def test_its_schemas_are_sound_and_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= schemas.keys()
    assert {"MarkBody", "MarkingView", "Error"} <= references


def test_students_details_are_only_in_answers_to_instructors(document):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if operation["tags"] == ["grader"]:
                assert "StudentPage" not in json.dumps(operation), path
