"""The published JSON Schemas (2020-12) of the forms, generated from the models.

`python -m app.pipeline.schema` writes them after a change of the models.
"""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from app.pipeline.compiled import Compiled
from app.pipeline.statement import Statement

FORMS: Final[dict[str, type[BaseModel]]] = {"statement": Statement, "compiled": Compiled}
"""The models by the name of their form, version 1."""


def file_of(form: str) -> Path:
    """Return where the schema of a form is published."""
    return Path(__file__).with_name(f"{form}-1.schema.json")


FILE = file_of("statement")


def schema_of(form: str) -> dict[str, Any]:
    """Return the schema of what `as_json` of a form returns."""
    generated = FORMS[form].model_json_schema(by_alias=True, mode="validation")
    if "$ref" in generated:  # a form that contains itself
        name = generated.pop("$ref").rpartition("/")[2]
        own = generated["$defs"][name] = dict(generated["$defs"][name])
    else:
        own = generated
    own["required"] = ["schema", *own["required"]]  # though the model has a default
    if own is not generated:
        generated = {"$ref": f"#/$defs/{name}", **generated}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:financial-data-extractor:{form}:1",
        **generated,
    }


def as_text(form: str = "statement") -> str:
    """Return the schema as it is published."""
    return json.dumps(schema_of(form), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in FORMS:
        file_of(each).write_text(as_text(each), encoding="utf-8")
