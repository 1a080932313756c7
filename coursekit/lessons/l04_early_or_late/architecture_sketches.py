"""Sketches of early, intermediate and late fusion: where two paths become one."""

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from coursekit.course.plots.style import INK, MUTED, style
from coursekit.utils.checks import choose

LEVELS = ("input", "layer 1", "layer 2", "layer 3", "logits")  # from the bottom up
TIMED = ("input", "layers 1–2", "mean", "layer 3", "logits")  # the first two: once a step
STEPS = 4
MEETING = {"early": 1, "intermediate": 3, "late": 5}  # first level that both modalities share


def sketch(ax: Axes, place: str) -> str:
    """Draw one of the three networks; return the alt text. Errors: ValueError, unknown place."""
    first = _frame(ax, place)
    for level, name in enumerate(LEVELS):
        if level >= first:
            _box(ax, 0.25, level, 1.5, "joint", name)
            continue
        for x, role in ((0.0, "A"), (1.05, "B")):
            _box(ax, x, level, 0.95, role, f"{name} {role}")
    for level in range(len(LEVELS) - 1):
        for x in _middles(level, first):
            target = 1.0 if level + 1 >= first else x
            _arrow(ax, x, level, target)
    _sum(ax, first)
    return (
        f"{place}: levels {', '.join(LEVELS)} from the bottom up, separate for A and B up to "
        f"{LEVELS[first - 1]}, {'then summed' if first == len(LEVELS) else 'shared above'}."
    )


def timed_sketch(ax: Axes, place: str) -> str:
    """One of the three networks on a timeline of four steps; return the alt text."""
    first = _frame(ax, place)
    for step in range(STEPS):
        (_joined_step if place == "early" else _own_steps)(ax, step)
    for level in range(2, len(TIMED)):
        name = "mean over the steps" if level == 2 else TIMED[level]
        if level >= first:
            _box(ax, 0.25, level, 1.5, "joint", name)
        else:
            for x, role in ((0.0, "A"), (1.05, "B")):
                _box(ax, x, level, 0.95, role, f"{TIMED[level]} {role}")
        if level + 1 < len(TIMED):
            for x in _middles(level, first):
                _arrow(ax, x, level, 1.0 if level + 1 >= first else x)
    _sum(ax, first)
    met = {
        "early": "A and B of one step enter the same layers",
        "intermediate": "A and B are averaged over the steps each, then share layer 3",
        "late": "A and B stay apart up to their logits, which are summed",
    }[place]
    return f"{place} on {STEPS} steps: {met}."


def _joined_step(ax: Axes, step: int) -> None:
    """A and B of one step side by side, and one box above both."""
    start = 0.53 * step
    for x, role in ((start - 0.01, "A"), (start + 0.235, "B")):
        _box(ax, x, 0, 0.18, role, f"{role}{step + 1}", size=8)
        _arrow(ax, x + 0.09, 0, start + 0.2)
    _box(ax, start, 1, 0.4, "joint", TIMED[1], size=7)
    _arrow(ax, start + 0.2, 1, 1.0)


def _own_steps(ax: Axes, step: int) -> None:
    """A box and its layers for each modality at one step."""
    for start, role in ((0.0, "A"), (1.05, "B")):
        x = start + 0.25 * step
        _box(ax, x, 0, 0.18, role, f"{role}{step + 1}", size=8)
        _box(ax, x, 1, 0.18, role, "1–2", size=8)
        _arrow(ax, x + 0.09, 0, x + 0.09)
        _arrow(ax, x + 0.09, 1, start + 0.475)


def _frame(ax: Axes, place: str) -> int:
    """Empty axes with a title; the first level that both modalities share."""
    first = MEETING[choose("place", place, MEETING)]
    ax.set_xlim(-0.05, 2.05)
    ax.set_ylim(-0.45, len(LEVELS) + 0.15)
    ax.axis("off")
    ax.set_title(place)
    return first


def _sum(ax: Axes, first: int) -> None:
    if first < len(LEVELS):
        return
    ax.text(1.0, first - 0.12, "+", ha="center", va="center", size=17, color=INK)
    for x in _middles(first - 1, first):  # the logits are summed
        _arrow(ax, x, first - 1, 1.0 + 0.22 * (x - 1.0))


def _middles(level: int, first: int) -> tuple[float, ...]:
    return (1.0,) if level >= first else (0.475, 1.525)


def _box(
    ax: Axes, x: float, level: int, width: float, role: str, text: str, size: float = 9
) -> None:
    color = style(role)["color"]
    patch = FancyBboxPatch(
        (x, level - 0.22),
        width,
        0.44,
        boxstyle="round,pad=0.02",
        facecolor="white",
        edgecolor=color,
        linewidth=1.8,
        hatch={"A": None, "B": "..", "joint": "//"}[role],
    )
    ax.add_patch(patch)
    label = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"}
    ax.text(x + width / 2, level, text, ha="center", va="center", size=size, color=INK, bbox=label)


def _arrow(ax: Axes, x: float, level: int, target: float) -> None:
    arrow = {"arrowstyle": "->", "color": MUTED, "linewidth": 1.2}
    ax.annotate("", (target, level + 0.74), (x, level + 0.27), arrowprops=arrow)
