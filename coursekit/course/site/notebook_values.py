"""What an expression of a notebook comes to, read from its source; nothing in it is run."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from nbformat import NotebookNode

from coursekit.utils.checks import require

NONE: Mapping[str, Any] = MappingProxyType({})


def code_trees(notebook: NotebookNode) -> dict[int, ast.Module]:
    """Number of a code cell → its syntax tree.

    Errors: ValueError for a cell that is no Python; the course's notebooks have no other ones.
    """
    trees = {}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            try:
                trees[number] = ast.parse(cell.source)
            except SyntaxError as error:
                raise ValueError(f"Cell {number} is no Python: {error}") from None
    return trees


class NotebookValues:
    """Names of a notebook, as far as they are written down: literals, and what coursekit exports.

    Enough for what declares a guess: a tuple of words, a constant of a lesson's room, words put
    together in a list. What has to be computed is refused.
    """

    def __init__(self, trees: Mapping[int, ast.Module]) -> None:
        self._written: dict[str, ast.expr] = {}
        self._imported: dict[str, tuple[str, str]] = {}
        for tree in trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coursekit"):
                    for name in node.names:
                        place = (str(node.module), name.name)
                        self._imported[name.asname or name.name] = place
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    self._written.setdefault(node.targets[0].id, node.value)

    def value(self, node: ast.expr, bound: Mapping[str, Any] = NONE) -> Any:
        """What ``node`` comes to.  bound: names of a comprehension around it.

        Errors: ValueError when it takes more than reading.
        """
        match node:
            case ast.Name(id=name):
                return bound[name] if name in bound else self._named(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return tuple(self._parts(parts, bound))
            case ast.ListComp(elt=each, generators=[ast.comprehension(ifs=[]) as one]):
                require(isinstance(one.target, ast.Name), _refusal(node))
                name = ast.unparse(one.target)
                every = self.value(one.iter, bound)
                return tuple(self.value(each, {**bound, name: item}) for item in every)
            case ast.Subscript(value=whole, slice=ast.Slice(lower=None, upper=end, step=None)):
                require(end is not None, _refusal(node))
                return self.value(whole, bound)[: self.value(end, bound)] if end else ()
            case ast.Call(func=function, args=arguments, keywords=[]):
                return self._called(node, function, [self.value(a, bound) for a in arguments])
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise ValueError(_refusal(node)) from None

    def _parts(self, parts: list[ast.expr], bound: Mapping[str, Any]) -> Iterator[Any]:
        for part in parts:
            if isinstance(part, ast.Starred):
                yield from self.value(part.value, bound)
            else:
                yield self.value(part, bound)

    def _called(self, node: ast.expr, function: ast.expr, given: list[Any]) -> Any:
        match function, given:
            case ast.Name(id="tuple"), [items]:
                return tuple(items)
            case ast.Attribute(value=ast.Constant(value=str(between)), attr="join"), [items]:
                return between.join(items)
            case ast.Name(id=name), [] if name in self._imported:
                return self._named(name)()
        raise ValueError(_refusal(node))

    def _named(self, name: str) -> Any:
        if name in self._written:
            return self.value(self._written[name])
        require(name in self._imported, f"{name} is neither written down nor coursekit's.")
        module, attribute = self._imported[name]
        return getattr(import_module(module), attribute)


def _refusal(node: ast.expr) -> str:
    return f"{ast.unparse(node)} cannot be read from the notebook's source."
