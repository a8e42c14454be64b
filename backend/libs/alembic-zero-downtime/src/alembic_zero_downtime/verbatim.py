r"""Let SQL text reach the database as it is written in a revision or a model.

SQLAlchemy takes `:name` in a text for a parameter, also in a regular expression such as `(?:a|b)`.
DDL has no parameters: there it would write NULL. `\:` is a colon, as SQLAlchemy documents it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Compiled, Dialect
from sqlalchemy.sql.compiler import BIND_PARAMS_ESC

VERBATIM = {"no_parameters": True}
"""The options of `exec_driver_sql` for a text in which `%s` is no parameter."""


def use_verbatim_compiler(dialect: Dialect) -> None:
    """Let a dialect write `:name` as it is where a parameter without a value would become NULL."""
    compiler: Any = dialect.statement_compiler
    dialect.statement_compiler = verbatim_compiler(compiler)


def missing_parameters(compiled: Compiled) -> list[str]:
    """Return the names of the parameters that have no value, and were written as `:name`."""
    missing: list[str] = getattr(compiled, "missing", [])
    return missing


def unescape(text: str) -> str:
    r"""Return a text with `\:` as `:`, and `:name` as it is."""
    return BIND_PARAMS_ESC.sub(r"\1", text)


def escape(text: str) -> str:
    r"""Return a text that is `text` again for the database: for that, `\:` is written `\\:`."""
    return BIND_PARAMS_ESC.sub(lambda match: f"\\{match[0]}", text)


class _VerbatimMixin:
    """Writes `:name` where a literal should be and the parameter has no value."""

    _collected_params: Mapping[str, Any]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.missing: list[str] = []
        self._is_in_text = False
        super().__init__(*arguments, **options)

    def visit_textclause(self, *arguments: Any, **options: Any) -> str:
        self._is_in_text = True  # a text is unescaped, with the literals in it
        text: str = super().visit_textclause(*arguments, **options)  # type: ignore[misc]
        self._is_in_text = False
        return text

    def render_literal_bindparam(
        self, bindparam: BindParameter[Any], *arguments: Any, **options: Any
    ) -> str:
        is_passed = bool(arguments) or "render_literal_value" in options
        has_value = bindparam.callable or bindparam.key in self._collected_params  # `params(…)`
        if bindparam.required and bindparam.value is None and not (is_passed or has_value):
            self.missing.append(bindparam.key)
            return f":{bindparam.key}"
        text: str = super().render_literal_bindparam(  # type: ignore[misc]
            bindparam, *arguments, **options
        )
        return escape(text) if self._is_in_text else text


@cache
def verbatim_compiler(compiler: type[Any]) -> type[Any]:
    """Return a class derived from a dialect's compiler, once for each."""
    if issubclass(compiler, _VerbatimMixin):
        return compiler
    return type(compiler.__name__, (_VerbatimMixin, compiler), {})
