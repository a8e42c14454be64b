"""One JSON object a line and a file."""

import json
import re
from typing import Any

from app.pipeline.statement import Issue
from app.services.answer import Answer

# Characters that steer a terminal or turn the direction of writing, and halves of surrogate pairs.
UNSAFE = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def statements_line(file: str, answer: Answer) -> str:
    """Return the line of a file that was read, or could not be."""
    statements = answer.filing.statements if answer.filing else []
    return json_line(
        {
            "file": file,
            "kind": answer.kind,
            "company": answer.company.model_dump(mode="json"),
            "statements": [each.as_json() for each in statements],
            "issues": [_issue(each) for each in answer.issues],
            "seconds": answer.seconds,
        }
    )


def pages_line(file: str, answer: Answer) -> str:
    """Return the line of a file whose pages were explained."""
    return json_line(
        {
            "file": file,
            "kind": answer.kind,
            "candidates": [each.model_dump(mode="json") for each in answer.candidates],
            "issues": [_issue(each) for each in answer.issues],
            "seconds": answer.seconds,
        }
    )


def _issue(issue: Issue) -> dict[str, Any]:
    return {"code": issue.code, "message": issue.message, "page": issue.page}


def json_line(value: dict[str, Any]) -> str:
    """Return JSON in one line that is safe to print."""
    return safe_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + "\n"


def safe_json(text: str) -> str:
    """Return JSON in which characters that steer a terminal are escaped."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
