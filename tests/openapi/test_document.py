# SPDX-License-Identifier: Apache-2.0
"""The document by itself: OpenAPI 3.1, whole, and true of its own examples."""

import copy

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

VERBS = {"get", "put", "post", "patch", "delete", "head", "options"}


@pytest.fixture
def document(daemon):
    return daemon.document()


def operations(document):
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            assert verb in VERBS
            yield f"{verb.upper()} {path}", operation


def test_a_document_that_is_none_is_told_from_it(document):
    broken = copy.deepcopy(document)
    broken["paths"]["/ready"]["get"]["responses"]["200"].pop("description")
    with pytest.raises(OpenAPIValidationError):
        validate(broken, cls=OpenAPIV31SpecValidator)


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_every_operation_is_described(document):
    bare = [
        name
        for name, operation in operations(document)
        if not {"operationId", "summary"} <= operation.keys()
        or not any(status.startswith("2") for status in operation["responses"])
    ]
    assert not bare, f"without a row in server/api/control/openapi.def: {bare}"


def test_orders_alone_have_the_token(document):
    for name, operation in operations(document):
        assert ("security" in operation) == (" /control/" in name), name


def test_examples_fit_their_schemas(document):
    seen = 0
    for name, schema in document["components"]["schemas"].items():
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        for example in schema.get("examples", ()):
            jsonschema.Draft202012Validator(whole).validate(example)
            seen += 1
    assert seen > 20


def test_what_a_body_must_not_have_is_refused_by_its_schema(document):
    """A schema that takes anything would be no description."""
    for name, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            whole = content["schema"] | {"components": document["components"]}
            checker = jsonschema.Draft202012Validator(whole)
            assert not checker.is_valid({"no such member": 1}), name
            assert not checker.is_valid([]), name
