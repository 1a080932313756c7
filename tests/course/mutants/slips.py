"""The slips that people make, as changes of a syntax tree: one at a time, at every place."""

import ast
from collections import Counter
from collections.abc import Iterator

OTHER_FUNCTIONS = {
    "mean": ("median", "sum"),
    "fmean": ("median",),
    "average": ("median", "sum"),
    "median": ("mean",),
    "sum": ("mean",),
    "max": ("min",),
    "min": ("max",),
    "amax": ("amin",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "idxmax": ("idxmin",),
    "idxmin": ("idxmax",),
    "all": ("any",),
    "any": ("all",),
    "std": ("var",),
    "var": ("std",),
    "stdev": ("pstdev", "variance"),
    "ceil": ("floor",),
}
DROPPED_FUNCTIONS = frozenset(
    (
        *("abs", "fabs", "sqrt", "square", "exp", "log", "tanh", "ceil", "floor", "clip", "clamp"),
        *("diag", "softmax", "normalize", "int", "round"),
    )
)
SUMMARIES = frozenset(["max", "min", "sum", "mean", "fmean", "median", "any", "all", "sorted"])
DROPPED_KEYWORDS = frozenset(
    ["axis", "dim", "ddof", "keepdims", "keepdim", "key", "default", "equal_var"]
)
OTHER_OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
OTHER_COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SKIPPED_FIELDS = frozenset({"annotation", "returns", "ctx", "decorator_list", "type_comment"})
LONG = 110  # letters of a description


def slips(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Every slip's description and the tree with it; the next one is made in the same tree."""
    seen: Counter[str] = Counter()
    for place in list(_places(tree, "", None)):
        for parent, field, index, new in _changes(place):
            old = _get(parent, field, index)
            context = parent if isinstance(parent, ast.expr) else None
            before = _text(context or old)
            _set(parent, field, index, new)
            after = _text(context or new)
            text = f"{place.function}: {before} → {after}"
            seen[text] += 1
            if before != after:
                yield (text if seen[text] == 1 else f"{text} ({seen[text]})"), tree
            _set(parent, field, index, old)


class _Place:
    """A node, where it hangs, and the function around it."""

    def __init__(self, node, parent, field, index, function):
        self.node, self.parent, self.field, self.index = node, parent, field, index
        self.function = function


def _places(node: ast.AST, function: str, docstring: ast.AST | None) -> Iterator[_Place]:
    if isinstance(node, ast.FunctionDef):
        function = node.name
        docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    for field, value in ast.iter_fields(node):
        if field in SKIPPED_FIELDS or (isinstance(node, ast.keyword) and node.arg == "strict"):
            continue
        many = value if isinstance(value, list) else [value]
        for index, child in enumerate(many):
            if isinstance(child, ast.AST) and child is not docstring:
                where = index if isinstance(value, list) else None
                yield _Place(child, node, field, where, function)
                yield from _places(child, function, docstring)


def _get(parent, field, index):
    value = getattr(parent, field)
    return value if index is None else value[index]


def _set(parent, field, index, new):
    if index is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[index] = new


def _text(node) -> str:
    if isinstance(node, list):
        return ", ".join(map(_text, node)) or "nothing"
    if node is None:
        return "nothing"
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= LONG else text[:LONG] + " …"


def _changes(place: _Place):
    """(parent, field, index, new value) of every slip at this place."""
    node = place.node
    here = (place.parent, place.field, place.index)
    for new in _replacements(node):
        yield *here, new
    if isinstance(node, ast.BinOp | ast.AugAssign):
        by_zero = isinstance(node.op, ast.Mult) and getattr(_right(node), "value", 1) == 0
        for kind in () if by_zero else OTHER_OPERATORS.get(type(node.op), ()):
            yield node, "op", None, kind()
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in OTHER_COMPARISONS.get(type(node.ops[0]), ()):
            yield node, "ops", 0, kind()
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for kind in OTHER_COMPARISONS.get(type(op), ())[:1]:
                yield node, "ops", i, kind()
    if isinstance(node, ast.Call):
        for i, keyword in enumerate(node.keywords):
            if keyword.arg in DROPPED_KEYWORDS:
                yield node, "keywords", None, node.keywords[:i] + node.keywords[i + 1 :]
    if isinstance(node, ast.If):
        yield node, "test", None, ast.UnaryOp(ast.Not(), node.test)
        yield node, "test", None, ast.Constant(False)
        yield node, "test", None, ast.Constant(True)
    if isinstance(node, ast.comprehension) and node.ifs:
        yield node, "ifs", None, []


def _right(node: ast.BinOp | ast.AugAssign) -> ast.expr:
    return node.value if isinstance(node, ast.AugAssign) else node.right


def _replacements(node: ast.AST) -> Iterator[ast.expr]:
    """What the node itself may be exchanged for."""
    for kind, rule in RULES.items():
        if isinstance(node, kind):
            yield from rule(node)


def _of_binary(node: ast.BinOp):
    if isinstance(node.op, ast.Pow):
        yield node.left
    if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        yield node.left
        yield node.right
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
        yield ast.BinOp(node.right, node.op, node.left)
    if isinstance(node.op, ast.Sub) and not isinstance(node.right, ast.Constant):
        yield _call("abs", node)


def _of_boolean(node: ast.BoolOp):
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if len(node.values) == 2:
        yield from node.values
    else:
        for i in range(len(node.values)):
            yield ast.BoolOp(node.op, node.values[:i] + node.values[i + 1 :])


def _of_constant(node: ast.Constant):
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1) if value else ast.UnaryOp(ast.USub(), ast.Constant(1))
    elif isinstance(value, float):
        for factor in (0.8, 0.998, 1.002, 1.2):
            yield ast.Constant(value * factor)


def _of_call(node: ast.Call):
    """Another function, none, or the first or last value in place of a summary of all."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for other in OTHER_FUNCTIONS.get(name, ()):
        if isinstance(node.func, ast.Name):
            builtin = other in ("max", "min", "any", "all")
            arguments = node.args if builtin else [_call("list", a) for a in node.args[:1]]
            yield ast.Call(_name(other) if builtin else _numpy(other), arguments, node.keywords)
        elif isinstance(node.func.value, ast.Name) and node.func.value.id in _MODULES:
            yield ast.Call(
                ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords
            )
        elif other == "median":  # arrays have no such method
            yield ast.Call(_numpy(other), [node.func.value, *node.args], node.keywords)
        else:
            yield ast.Call(
                ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords
            )
    if name in DROPPED_FUNCTIONS and node.args:
        yield node.args[0]
    if name in SUMMARIES and len(node.args) == 1 and not node.keywords:
        yield _call("next", _call("iter", node.args[0]))
        yield ast.Subscript(
            _call("list", node.args[0]), ast.UnaryOp(ast.USub(), ast.Constant(1)), ast.Load()
        )
    if name == "len":
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))


_MODULES = frozenset(["np", "numpy", "torch", "statistics", "pd", "math"])


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _numpy(name: str) -> ast.Attribute:
    return ast.Attribute(_name("_numpy"), name, ast.Load())


def _call(name: str, argument: ast.expr) -> ast.Call:
    return ast.Call(_name(name), [argument], [])


def _of_unary(node: ast.UnaryOp):
    if not isinstance(node.operand, ast.Constant) or not isinstance(node.op, ast.USub):
        yield node.operand


def _of_subscript(node: ast.Subscript):
    if isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
        yield node.value


def _of_choice(node: ast.IfExp):
    yield ast.IfExp(node.test, node.orelse, node.body)
    yield node.body
    yield node.orelse


def _of_attribute(node: ast.Attribute):
    if node.attr == "T":
        yield node.value


RULES = {
    ast.BinOp: _of_binary,
    ast.BoolOp: _of_boolean,
    ast.Constant: _of_constant,
    ast.Call: _of_call,
    ast.UnaryOp: _of_unary,
    ast.Subscript: _of_subscript,
    ast.IfExp: _of_choice,
    ast.Attribute: _of_attribute,
}
