"""Examples of answers for the OpenAPI document, of a company that is made up, and shortened."""

from typing import Any, Final

_SHA256: Final = "9d8f2b7c1e0a4f5d6c3b2a190817263544536271808f9eadbccbdae9f8071625"

COMPILED: Final[dict[str, Any]] = {
    "schema": "compiled/1",
    "statement": "income_statement",
    "algorithm": "1",
    "framework": "ifrs",
    "currency": "EUR",
    "scope": "consolidated",
    "scale": 6,
    "title": "Consolidated income statement",
    "inputs": [
        {
            "sha256": _SHA256,
            "file": "annual-report-2025.pdf",
            "kind": "pdf",
            "reader": "pdf-geometry/1",
            "period_end": "2025-12-31",
            "fiscal_year": 2025,
            "status": "verified",
            "pages": [84],
            "amends": False,
            "role": "compiled",
            "equal": 0,
            "different": 0,
        }
    ],
    "periods": [
        {
            "key": "2025",
            "label": "FY2025",
            "fiscal_year": 2025,
            "start": "2025-01-01",
            "end": "2025-12-31",
            "days": 365,
            "regular": True,
            "input": 0,
        }
    ],
    "rows": [
        {
            "id": "revenue",
            "label": "Revenue",
            "section": [],
            "level": 0,
            "kind": "line",
            "concepts": [],
            "axes": {},
            "labels": [{"label": "Revenue", "inputs": [0]}],
            "cells": {
                "2025": {
                    "input": 0,
                    "row": 0,
                    "period": "p0",
                    "page": 84,
                    "printed": "8,515",
                    "v": "8515",
                    "verified": True,
                    "by": ["e0"],
                    "own": [],
                    "turned": False,
                    "change": "none",
                    "history": [],
                }
            },
            "replaced": {},
        }
    ],
    "equations": [],
    "gaps": [],
    "breaks": [],
    "unplaced": [],
    "checks": {
        "2025": {
            "cells": 19,
            "checkable": 15,
            "verified": 15,
            "balance": "not_applicable",
            "cash": "not_applicable",
        }
    },
    "issues": [],
    "others": [],
}

_FILING: Final[dict[str, Any]] = {
    "document": 1,
    "file": "annual-report-2025.pdf",
    "form": None,
    "fiscal_year": 2025,
    "filed": None,
    "kind": "pdf",
    "reader": "pdf-geometry/1",
    "sha256": _SHA256,
    "accession": None,
    "status": "verified",
}

ORIGIN: Final[dict[str, Any]] = {
    "schema": "origin/1",
    "company": "Costa Verde Foods Group plc",
    "statement": "income_statement",
    "framework": "ifrs",
    "line": "revenue",
    "label": "Revenue",
    "section": [],
    "kind": "line",
    "period": "2025",
    "period_label": "FY2025",
    "start": "2025-01-01",
    "end": "2025-12-31",
    "view": "latest",
    "v": "8515",
    "unit": "EUR",
    "scale": 6,
    "value": "8515000000",
    "verified": True,
    "checkable": True,
    "change": "none",
    "filing": _FILING,
    "place": {
        "page": 84,
        "at": None,
        "printed": "8,515",
        "label": "Revenue",
        "section": [],
        "note": None,
        "concept": None,
        "axes": {},
        "fact": None,
        "tagged": None,
        "sign": None,
        "turned": False,
        "unconfirmed": False,
    },
    "proofs": [],
    "history": [],
    "second_readings": [],
    "corrected": None,
    "notes": [],
}

COMPILED_ITEMS: Final[dict[str, Any]] = {
    "company_id": 1,
    "items": [
        {
            "statement": "income_statement",
            "digest": _SHA256,
            "stale": False,
            "groups": [
                {
                    "framework": "ifrs",
                    "currency": "EUR",
                    "periods": ["2025", "2024", "2023"],
                    "verified": 54,
                    "checkable": 54,
                }
            ],
            "updated_at": "2026-11-27T04:05:06Z",
            "links": {"self": "/api/v1/companies/1/statements/income_statement"},
        }
    ],
}

COMPILE_RESULT: Final[dict[str, Any]] = {
    "company": "Costa Verde Foods Group plc",
    "statements": [
        {"statement": "income_statement", "effect": "same", "digest": _SHA256},
        {"statement": "balance_sheet", "effect": "absent", "digest": None},
        {"statement": "cash_flow_statement", "effect": "absent", "digest": None},
    ],
}
