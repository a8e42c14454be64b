"""The published JSON Schema (2020-12) of the form `statement/1`, generated from the models.

`python -m app.pipeline.schema` writes it after a change of the models.
"""

import json
from pathlib import Path
from typing import Any

from app.pipeline.statement import Statement

FILE = Path(__file__).with_name("statement-1.schema.json")


def statement_schema() -> dict[str, Any]:
    """Return the schema of what `Statement.as_json` returns."""
    generated = Statement.model_json_schema(by_alias=True, mode="validation")
    generated["required"] = ["schema", *generated["required"]]  # though the model has a default
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:financial-data-extractor:statement:1",
        **generated,
    }


def as_text() -> str:
    """Return the schema as it is published."""
    return json.dumps(statement_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")
