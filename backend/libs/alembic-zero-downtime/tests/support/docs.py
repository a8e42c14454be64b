"""The documentation of the library, which is in the repository and not in the library's folder."""

import pytest

from support.shell import LIBRARY

DOCS = LIBRARY.parents[2] / "docs" / "migrations"
needs_docs = pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not here")
