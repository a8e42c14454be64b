"""A file beside the models that defines tables, and is not imported, is found without a run."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from alembic_zero_downtime.autogenerate.unimported import UnimportedModels, find_unimported

Find = Callable[[dict[str, str]], list[UnimportedModels]]
FAILS = "raise RuntimeError('it must not be run')\n"
BASE = """
from sqlalchemy import MetaData, Table, Column, Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

class Base(DeclarativeBase):
    pass

metadata = Base.metadata
mapper = registry(metadata=metadata)
"""
COMPANY = """
from shop.db import Base, Mapped, mapped_column

class Company(Base):
    __tablename__ = "companies"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
PACKAGE = {
    "shop/__init__.py": "",
    "shop/db.py": BASE,
    "shop/models/__init__.py": "from shop.models.company import Company\n",
    "shop/models/company.py": COMPANY,
}
INVOICE = "class Invoice(Base):\n    __tablename__ = 'invoices'\n"


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Find]:
    """Return a function that writes files, imports the models, and finds the unimported ones."""
    before = set(sys.modules)

    def call(files: dict[str, str]) -> list[UnimportedModels]:
        for name, code in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.chdir(tmp_path)
        models = "shop.models" if "shop/__init__.py" in files else "models"
        importlib.import_module(models)
        metadata = sys.modules["shop.db" if models == "shop.models" else "models"].metadata
        assert isinstance(metadata, MetaData)
        return find_unimported(metadata)

    yield call
    for name in set(sys.modules) - before:
        del sys.modules[name]


FOUND = {
    "an import": "from shop.db import Base\nclass Invoice(Base): ...",
    "a relative import": "from ..db import Base as B\nclass Invoice(B): ...",
    "a module": "from shop import db\nclass Invoice(db.Base): ...",
    "a package": "import shop.db\nclass Invoice(shop.db.Base): ...",
    "everything": "from shop.models.company import *\nclass Invoice(Base): ...",
    "a subclass": "from shop.models.company import Company\nclass Invoice(Company): ...",
    "a registry": "from shop.db import mapper\n@mapper.mapped\nclass Invoice: ...",
    "another base class": """
from sqlalchemy.orm import DeclarativeBase
from shop.db import metadata
class Base(DeclarativeBase):
    metadata = metadata
class Invoice(Base): ...
""",
    "a computed base class": """
from sqlalchemy.orm import declarative_base
from shop.db import metadata
Base = declarative_base(metadata=metadata)
class Invoice(Base): ...
""",
    "a condition": """
try:
    from shop.db import Base
except ImportError:
    raise
if True:
    class Invoice(Base): ...
""",
    "a table": "import sqlalchemy as sa\nfrom shop.db import Base\n"
    "t = sa.Table('Invoice', Base.metadata)",
    "a table of a name": "from sqlalchemy import Table\nfrom shop.db import metadata as m\n"
    "own = m\nTable('Invoice', metadata=own)",
}
NOT_FOUND = {
    "another metadata": "from sqlalchemy.orm import DeclarativeBase\n"
    "class Base(DeclarativeBase): ...\nclass Invoice(Base): ...",
    "a table elsewhere": "from sqlalchemy import MetaData, Table\nTable('t', MetaData())",
    "an abstract class": "from shop.db import Base\nclass Dated(Base):\n    __abstract__ = True",
    "a function": "from shop.db import Base\ndef f():\n    class Invoice(Base): ...",
    "a use": "from shop.models import Company\nclass Form:\n    model = Company",
    "no Python": "class (:",
}
PLACES = ("shop/models/invoice.py", "shop/models/parts/deep.py", "shop/orders/__init__.py")


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("code", FOUND.values(), ids=FOUND)
def test_a_model_in_another_file_is_found(path: str, code: str, find: Find) -> None:
    if ".." in code and path != PLACES[0]:
        code = code.replace("..db", "...db" if "deep" in path else "..db")
    (found,) = find({**PACKAGE, path: FAILS + code})
    assert found.path.samefile(path)
    assert found.models == ("table Invoice" if "Table(" in code else "Invoice",)
    assert found.module not in sys.modules


@pytest.mark.parametrize("code", NOT_FOUND.values(), ids=NOT_FOUND)
def test_other_code_is_not_named(code: str, find: Find) -> None:
    assert find({**PACKAGE, "shop/other.py": code}) == []


@pytest.mark.parametrize("path", ["shop/tests/models.py", "elsewhere/models.py"])
def test_models_of_tests_and_other_programs_are_not_named(path: str, find: Find) -> None:
    assert find({**PACKAGE, path: FOUND["an import"]}) == []


def test_a_base_class_in_another_unimported_file_is_followed(find: Find) -> None:
    mixed = "from shop.db import Base\nclass Dated(Base):\n    __abstract__ = True\n"
    invoice = f"from shop.dated import Dated as Base\n{INVOICE}"
    found = find({**PACKAGE, "shop/dated.py": mixed, "shop/invoice.py": invoice})
    assert [each.module for each in found] == ["shop.invoice"]


def test_files_that_import_each_other_end(find: Find) -> None:
    first = f"from shop.second import Base\n{INVOICE}"
    second = "from shop.first import Base\n"
    assert find({**PACKAGE, "shop/first.py": first, "shop/second.py": second}) == []


def test_a_module_imported_for_type_checkers_only_is_found(find: Find) -> None:
    package = "from typing import TYPE_CHECKING\nfrom shop.models.company import Company\n"
    package += "if TYPE_CHECKING:\n    from shop.models.invoice import Invoice\n"
    files = {"shop/models/__init__.py": package}
    files["shop/models/invoice.py"] = f"from shop.db import Base\n{INVOICE}"
    (found,) = find({**PACKAGE, **files})
    assert str(found) == (
        "shop/models/invoice.py defines Invoice, and is not imported with the models: "
        "import shop.models.invoice in shop/models/__init__.py, if it is one of them"
    )


def test_a_file_beside_models_that_are_in_no_package_is_found(find: Find) -> None:
    other = f"from models import Base\n{INVOICE}"
    deep = {"parts/__init__.py": "", "parts/invoice.py": other, "scripts/x.py": other}
    found = find({"models.py": BASE, "more.py": other, **deep})
    assert [each.module for each in found] == ["more", "parts.invoice"]
    assert "import more where the other models are imported" in str(found[0])
