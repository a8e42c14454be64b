"""One JSON object a line and a file."""

from typing import Any

from app.pipeline.json_text import json_line
from app.pipeline.statement import Issue
from app.services.answer import Answer


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
