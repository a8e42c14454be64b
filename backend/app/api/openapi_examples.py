"""Examples in the OpenAPI document as their models have them.

FastAPI leaves out what is null when it writes the document, in examples too: what a client may rely
on to be there would then be missing.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def complete_examples(document: Schema) -> None:
    """Give pages an example of one item, and all examples their nulls again."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if name.startswith("Page_"):
            item = _resolved(schema["properties"]["items"]["items"], schemas)
            schema["examples"] = [{"items": item["examples"][:1], "next": None}]
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [_with_nulls(each, schema, schemas) for each in schema["examples"]]
    for content in _contents(document):
        for holder, key in _examples(content):
            holder[key] = _with_nulls(holder[key], content["schema"], schemas)


def _contents(document: Schema) -> Iterator[Schema]:
    """Yield each body with a schema: its schema and its examples."""
    for item in document["paths"].values():
        for operation in item.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    if content.get("schema"):
                        yield content


def _examples(content: Schema) -> Iterator[tuple[Schema, str]]:
    """Yield each place with an example: the object that has it, and its key."""
    if "example" in content:
        yield content, "example"
    for each in content.get("examples", {}).values():
        if "value" in each:
            yield each, "value"


def _with_nulls(value: Any, schema: Schema, schemas: Schema) -> Any:
    """Return an example with null for each field that has to be there and is not."""
    schema = _resolved(schema, schemas)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if _fits(value, _resolved(choice, schemas)):
            return _with_nulls(value, choice, schemas)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_with_nulls(each, schema["items"], schemas) for each in value]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    more = schema.get("additionalProperties")
    others = more if isinstance(more, dict) else {}
    known = {
        name: _with_nulls(value[name], field, schemas) if name in value else None
        for name, field in properties.items()
        if name in value or name in schema.get("required", ())
    }
    return known | {
        name: _with_nulls(each, others, schemas)
        for name, each in value.items()
        if name not in known
    }


def _fits(value: Any, schema: Schema) -> bool:
    """Whether a value is of the kind of one choice of several."""
    match schema.get("type"):
        case "object":
            return (
                isinstance(value, dict) and value.keys() <= schema.get("properties", value).keys()
            )
        case "array":
            return isinstance(value, list)
    return False


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    """Return a schema in place of the reference to it."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema
