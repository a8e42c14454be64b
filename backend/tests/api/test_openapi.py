"""The OpenAPI document as a whole: what every operation says, and that its examples are true."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app import VERSION
from app.api.openapi import PREFIX, TAGS, operations
from app.main import create_app
from app.web.problems import Problem

JSON = "application/json"
PROBLEM = "application/problem+json"
Operation = dict[str, Any]


@cache
def document() -> dict[str, Any]:
    return create_app().openapi()


def named() -> dict[str, tuple[str, str, Operation]]:
    """Return path, method and operation by name."""
    return {
        f"{method} {path}": (path, method, each) for path, method, each in operations(document())
    }


OF_API = {name: each for name, each in named().items() if name.partition(" ")[2].startswith(PREFIX)}


@pytest.fixture(params=OF_API)
def operation(request: pytest.FixtureRequest) -> Operation:
    return OF_API[request.param][2]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without the reference to it."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def examples(content: dict[str, Any]) -> Iterator[Any]:
    """Yield the examples of a body: those of its media type, else those of its schema."""
    if "example" in content:
        yield content["example"]
    for each in content.get("examples", {}).values():
        yield each["value"]
    if not {"example", "examples"} & content.keys():
        yield from resolved(content["schema"]).get("examples", [])


def bodies(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each body of JSON: of the request, and of each answer that is no error."""
    content = operation.get("requestBody", {}).get("content", {})
    yield from (("request", body) for kind, body in content.items() if kind == JSON)
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            content = answer.get("content", {})
            yield from ((status, body) for kind, body in content.items() if kind == JSON)


def is_file(content: dict[str, Any]) -> bool:
    """Whether a body is a file, of which only the kind is known."""
    return bool(content["schema"].get("format") == "binary")


def test_the_document_says_what_it_is_about() -> None:
    found = document()
    assert found["openapi"].startswith("3.1")
    assert found["info"]["title"] == "Financial Data Extractor"
    assert found["info"]["version"] == VERSION
    assert found["info"]["license"]["identifier"] == "MIT"
    assert {"summary", "description", "contact"} <= found["info"].keys()
    assert found["servers"] == [{"url": "/", "description": "this server"}]


def test_every_group_is_described_and_used() -> None:
    described = {each["name"]: each["description"] for each in document()["tags"]}
    used = {tag for _, _, each in named().values() for tag in each["tags"]}
    assert set(described) == {name for name, _ in TAGS} == used
    assert all(described.values())


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [each["operationId"] for _, _, each in named().values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", each) for each in names), names


def test_an_operation_is_described(operation: Operation) -> None:
    assert len(operation["tags"]) == 1
    assert 3 < len(operation["summary"]) < 60
    assert len(operation["description"]) > 20


def test_parameters_are_described_and_bounded(operation: Operation) -> None:
    for parameter in operation.get("parameters", []):
        assert parameter.get("description"), parameter["name"]
        schema = parameter["schema"]
        for each in schema.get("anyOf", [schema]):
            bounds = resolved(each)
            assert is_bounded(bounds), f"{parameter['name']}: {bounds}"


def is_bounded(schema: dict[str, Any]) -> bool:
    """Whether a client cannot send more than a limit that the document names."""
    match schema.get("type"):
        case "string":
            return bool({"maxLength", "enum", "const", "pattern"} & schema.keys())
        case "integer":
            return "enum" in schema or {"minimum", "maximum"} <= schema.keys()
        case "array":
            return "maxItems" in schema and is_bounded(resolved(schema["items"]))
        case "boolean" | "null":
            return True
    return "enum" in schema or "const" in schema


def test_every_body_has_an_example_that_its_schema_accepts(operation: Operation) -> None:
    for where, content in bodies(operation):
        if is_file(content):
            continue
        found = list(examples(content))
        assert found, f"{where} has no example"
        schema = {**content["schema"], "components": document()["components"]}
        for example in found:
            errors = [each.message for each in Draft202012Validator(schema).iter_errors(example)]
            assert not errors, where


def test_every_error_is_a_problem_document(operation: Operation) -> None:
    errors = {int(status): each for status, each in operation["responses"].items() if status >= "4"}
    assert {422, 503} <= errors.keys()
    for status, answer in errors.items():
        assert list(answer["content"]) == [PROBLEM], status
        content = answer["content"][PROBLEM]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["example"]["status"] == status
        assert "{" not in content["example"]["instance"]
        assert Problem.model_validate(content["example"])
    assert "Retry-After" in errors[503]["headers"]


@pytest.mark.parametrize("name", OF_API)
def test_changes_need_write_access_and_reads_do_not(name: str) -> None:
    _, method, operation = OF_API[name]
    if method == "get":
        assert "security" not in operation
        assert "ETag" in operation["responses"]["200"]["headers"]
        assert "304" in operation["responses"]
    else:
        assert operation["security"] == [{"WriteToken": []}, {}]
        assert {"401", "403"} <= operation["responses"].keys()


def test_an_operation_on_one_thing_may_not_find_it() -> None:
    for name, (path, _, operation) in OF_API.items():
        assert ("{" not in path) or "404" in operation["responses"], name


@pytest.mark.parametrize("name", document()["components"]["schemas"])
def test_examples_of_schemas_are_true(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    for example in document()["components"]["schemas"][name].get("examples", []):
        assert not [each.message for each in Draft202012Validator(schema).iter_errors(example)]
