"""Rewrite a revision's code, so that it goes on where it fails, and branches on stand-ins.

Python evaluates some expressions without asking the values, such as `row is None`, `isinstance`
and the unpacking of a row. The rewritten code asks `Resumption`. The lines stay the same.
"""

import ast
import copy
from collections.abc import Iterator
from typing import Any

from alembic_zero_downtime.lint.resumption import MOST_HANDLERS
from alembic_zero_downtime.lint.stand_in_database import Names

NAME = "__lint__"
CHOSEN = "__chosen__"
# Their result depends on the function that calls them.
OF_THE_CALLER = {"super", "locals", "vars", "eval", "exec", "dir"}
Block = ast.If | ast.While | ast.For | ast.With
COMPARISONS = {ast.Is: "same", ast.IsNot: "differs", ast.In: "contains", ast.NotIn: "lacks"}


def instrument(tree: ast.Module) -> ast.Module:
    """Return the rewritten code of a revision."""
    rewritten: ast.Module = _Rewriter().visit(tree)
    return ast.fix_missing_locations(rewritten)


def find_names(tree: ast.AST) -> Names:
    """Return the tables and columns that a revision names, and may reflect."""
    columns = tuple(dict.fromkeys(_columns(tree)))
    return Names(tuple(dict.fromkeys(_elements(tree, {"tables"}))), columns)


def _elements(tree: ast.AST, collections: set[str]) -> Iterator[str]:
    """Yield the names in subscripts of an attribute."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Attribute(attr=attribute), slice=ast.Constant(value=str(name))
            ) if attribute in collections:
                yield name


def _columns(tree: ast.AST) -> Iterator[str]:
    yield from _elements(tree, {"c", "columns"})
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Attribute(attr="c" | "columns"), attr=name):
                yield name
            case ast.Call(func=ast.Attribute(attr="values" | "filter_by"), keywords=keywords):
                yield from (each.arg for each in keywords if each.arg)
            case ast.Dict(keys=keys):
                constants = (each for each in keys if isinstance(each, ast.Constant))
                yield from (each.value for each in constants if isinstance(each.value, str))


class _Rewriter(ast.NodeTransformer):
    def __init__(self) -> None:
        self._tries = 0
        self._is_in_class = False

    # Statements

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if not isinstance(node.value, ast.Constant):  # the docstring
            node.value = self._value(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value:
            node.value = self._value(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self._value(node.value)
        for target in node.targets:
            if shape := _shape(target):
                node.value = _call("unpack", node.value, node.value, _constant(shape))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        node.value = self._value(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value:
            node.value = self._value(node.value)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        error = ast.Call(ast.Name("AssertionError", ast.Load()), [node.msg] if node.msg else [], [])
        raising = ast.Raise(_call("raised", node, error), None)
        test = ast.UnaryOp(ast.Not(), self._value(node.test))
        return ast.copy_location(ast.If(test, [ast.copy_location(raising, node)], []), node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if node.exc:
            node.exc = _call("raised", node, self._value(node.exc))
        return node

    def visit_If(self, node: ast.If) -> ast.stmt:
        node.test = self._value(node.test)
        return self._visit_blocks(node)

    def visit_While(self, node: ast.While) -> ast.stmt:
        node.test = self._value(node.test)
        item = ast.withitem(_call("repeating", node))
        return ast.copy_location(ast.With([item], [self._visit_blocks(node)]), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        shape = _shape(node.target) or ()
        values = self._value(node.iter)
        node.iter = _call("each", node.iter, values, _constant(shape))
        return self._visit_blocks(node)

    def visit_With(self, node: ast.With) -> ast.AST:
        for item in node.items:
            item.context_expr = self._value(item.context_expr, "entered")
        return self._visit_blocks(node)

    def visit_Match(self, node: ast.Match) -> ast.AST:
        node.subject = self._value(node.subject)
        cases = []
        for case in node.cases:
            case.body = self._visit_all(case.body)
            cases += [_chosen_case(case), case]
        node.cases = cases
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        is_explored = len(node.handlers) <= MOST_HANDLERS and not all(
            isinstance(each, ast.Import | ast.ImportFrom) for each in node.body
        )
        self._tries += bool(node.handlers)
        node.body = self._visit_all(node.body)
        self._tries -= bool(node.handlers)
        for number, handler in enumerate(node.handlers):
            handler.body = self._visit_all(handler.body)
            if is_explored:
                entry = ast.Expr(_call("enter", node, ast.Constant(number)))
                node.body.insert(number, ast.copy_location(entry, node))
                if handler.type:
                    number_node = ast.Constant(number)
                    handler.type = _call("caught", handler.type, handler.type, number_node)
        node.orelse = self._visit_all(node.orelse)
        node.finalbody = self._visit_all(node.finalbody)
        return node

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> Any:
        if self._tries or getattr(node, "module", None) == "__future__":
            return node
        prefix = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
        assigned: list[ast.stmt] = [
            ast.Assign(
                [ast.Name(each.asname or each.name.partition(".")[0], ast.Store())],
                _call(
                    "missing",
                    node,
                    ast.Constant(node.lineno),
                    ast.Name("__error__", ast.Load()),
                    ast.Constant(f"{prefix}{each.name}"),
                ),
            )
            for each in node.names
            if each.name != "*"
        ]
        handler = ast.ExceptHandler(
            ast.Name("Exception", ast.Load()), "__error__", assigned or [ast.Pass()]
        )
        return ast.copy_location(ast.Try([node], [handler], [], []), node)

    visit_ImportFrom = visit_Import  # noqa: N815 ast's name

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer = self._tries, self._is_in_class
        self._tries, self._is_in_class = 0, False
        node.body = self._visit_all(node.body)
        self._tries, self._is_in_class = outer
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Let a class that fails, such as one of a model, be a stand-in."""
        is_in_class, self._is_in_class = self._is_in_class, True
        node.bases = [self.visit(each) for each in node.bases]
        node.body = self._visit_all(node.body)
        self._is_in_class = is_in_class
        error = ast.Name("__error__", ast.Load())
        failed = _call("failed", node, ast.Constant(node.lineno), error)
        assigned = ast.Assign([ast.Name(node.name, ast.Store())], failed)
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), "__error__", [assigned])
        return ast.copy_location(ast.Try([node], [handler], [], []), node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Leave it as it is."""
        return node

    # Expressions

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in OF_THE_CALLER:
            return node
        return _call("call", node, node.func, *node.args, keywords=node.keywords)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        key = node.slice
        if isinstance(key, ast.Slice):
            bounds = [each or ast.Constant(None) for each in (key.lower, key.upper, key.step)]
            key = ast.copy_location(_call("slice_of", node, *bounds), node)
        elif any(isinstance(each, ast.Slice) for each in ast.walk(key)):
            return node
        return _call("item", node, node.value, key)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        name = COMPARISONS.get(type(node.ops[0])) if len(node.ops) == 1 else None
        if name is None:
            return node
        left, right = node.left, node.comparators[0]
        operands = (right, left) if name in {"contains", "lacks"} else (left, right)
        return _call(name, node, *operands)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if not node.is_async:
            shape = _shape(node.target) or ()
            node.iter = _call("each", node.iter, node.iter, _constant(shape))
        return node

    def _value(self, node: ast.expr, name: str = "value") -> ast.expr:
        """Return an expression that is a stand-in if it fails."""
        kept = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)
        is_kept = any(
            isinstance(each, kept) or (isinstance(each, ast.Name) and each.id in OF_THE_CALLER)
            for each in ast.walk(node)
        )
        visited = self.visit(node)
        # Names of a class are not visible in a lambda.
        if is_kept or self._is_in_class or isinstance(node, ast.Constant | ast.Name):
            return visited  # type: ignore[no-any-return]
        nothing = ast.arguments([], [], None, [], [], None, [])
        line, is_tried = ast.Constant(node.lineno), ast.Constant(int(self._tries > 0))
        return _call(name, node, ast.Lambda(nothing, visited), line, is_tried)

    def _visit_blocks(self, node: Block) -> Block:
        node.body = self._visit_all(node.body)
        if not isinstance(node, ast.With):
            node.orelse = self._visit_all(node.orelse)
        return node

    def _visit_all(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(each) for each in statements]


def _call(
    name: str, place: ast.AST, *arguments: ast.expr, keywords: list[ast.keyword] | None = None
) -> ast.Call:
    function = ast.Attribute(ast.Name(NAME, ast.Load()), name, ast.Load())
    return ast.copy_location(ast.Call(function, list(arguments), keywords or []), place)


def _chosen_case(case: ast.match_case) -> ast.match_case:
    """Return a case with the same statements, for a stand-in that is as the pattern says."""
    captured = [
        name
        for each in ast.walk(case.pattern)
        for name in (getattr(each, "name", None), getattr(each, "rest", None))
        if name
    ]
    first = case.body[0]
    value = ast.Name(CHOSEN, ast.Load())
    test = _call("chooses", first, value)
    body = [
        ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), first)
        for name in captured
    ]
    return ast.match_case(ast.MatchAs(None, CHOSEN), test, [*body, *copy.deepcopy(case.body)])


def _shape(target: ast.expr) -> tuple[Any, ...] | None:
    """Return the shape of a target that is unpacked; None if it is not."""
    if not isinstance(target, ast.Tuple | ast.List):
        return None
    return tuple(_shape(each) for each in target.elts)


def _constant(shape: tuple[Any, ...]) -> ast.expr:
    return ast.parse(repr(shape), mode="eval").body
