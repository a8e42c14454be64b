"""Schemathesis over the whole OpenAPI document: no 5xx, and no answer that it does not describe.

Requests are made from the examples, the bounds and at random, valid and invalid, and in sequences
along the links of the document, on companies with documents, extractions and statements.
`SCHEMATHESIS_SECONDS=600` makes more of them, and `SCHEMATHESIS_SEED=4711` others; each run of CI
makes the same, so that a change is judged by what it changed.
"""

import json
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from tests.bench.api.data import add_companies
from tests.helpers.api_server import api_server
from tests.helpers.shell import run

pytestmark = [pytest.mark.slow, pytest.mark.long]

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
HOOKS = CONFIGURATION.with_name("schemathesis_hooks.py")
COMPANIES = 60
TOKEN = "a-token-of-forty-characters-and-not-fewer"
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "35"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "15")
SPARE = 120
"""Seconds that examples and bounds may take beside, on a busy machine."""


@pytest.mark.parametrize("is_from_elsewhere", [False, True], ids=["this machine", "elsewhere"])
def test_every_answer_is_as_documented(
    migrated_database: URL, tmp_path: Path, *, is_from_elsewhere: bool
) -> None:
    add_companies(migrated_database, tmp_path / "storage", COMPANIES, templates=2)
    configuration = tmp_path / "schemathesis.toml"
    hooks = f'hooks = "{HOOKS}"\n' if is_from_elsewhere else ""
    configuration.write_text(hooks + _configuration(migrated_database), encoding="utf-8")
    options = ["--no-color", "--generation-database", "none", "--continue-on-failure"]
    options += ["--seed", SEED, "--max-time", str(SECONDS)]
    if is_from_elsewhere:
        options += ["-H", "X-Forwarded-For: 203.0.113.7", "-H", f"Authorization: Bearer {TOKEN}"]
    with api_server(migrated_database, tmp_path, WRITE_TOKEN=TOKEN) as server:
        address = f"http://127.0.0.1:{server.port}/openapi.json"
        command = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration))
        done = run(*command, "run", address, *options, cwd=tmp_path, timeout=SECONDS + SPARE)
        words = server.words
    assert done.returncode == 0, f"seed {SEED}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in words, words


def _configuration(database: URL) -> str:
    """Return the configuration, with what there is in the database to ask for."""
    with create_engine(database, poolclass=NullPool).connect() as connection:

        def values(query: str) -> str:
            return json.dumps(list(connection.scalars(text(query))))

        return f"""{CONFIGURATION.read_text(encoding="utf-8")}
[dictionaries]
companies = {{ values = {values("SELECT id FROM companies WHERE id > 6 ORDER BY id")} }}
documents = {{ values = {values("SELECT id FROM documents ORDER BY id LIMIT 300")} }}
extractions = {{ values = {values("SELECT id FROM extractions ORDER BY id LIMIT 300")} }}

[parameters]
"path.company_id" = {{ dictionary = "companies", probability = 0.7 }}
"query.company" = {{ dictionary = "companies", probability = 0.7 }}
"path.document_id" = {{ dictionary = "documents", probability = 0.7 }}
"path.extraction_id" = {{ dictionary = "extractions", probability = 0.7 }}
"""
