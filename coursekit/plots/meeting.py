"""A sketch of early, intermediate and late fusion: where two paths become one."""

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from coursekit.checks import choose
from coursekit.plots.style import INK, MUTED, style

LEVELS = ("input", "layer 1", "layer 2", "layer 3", "logits")  # from the bottom up
MEETING = {"early": 1, "intermediate": 3, "late": 5}  # first level that both modalities share


def sketch(ax: Axes, place: str) -> str:
    """Draw one of the three networks; return the alt text. Errors: ValueError, unknown place."""
    first = MEETING[choose("place", place, MEETING)]
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
    if first == len(LEVELS):  # the logits are summed
        ax.text(1.0, first - 0.12, "+", ha="center", va="center", size=17, color=INK)
        for x in _middles(first - 1, first):
            _arrow(ax, x, first - 1, 1.0 + 0.22 * (x - 1.0))
    ax.set_xlim(-0.05, 2.05)
    ax.set_ylim(-0.45, len(LEVELS) + 0.15)
    ax.axis("off")
    ax.set_title(place)
    return (
        f"{place}: levels {', '.join(LEVELS)} from the bottom up, separate for A and B up to "
        f"{LEVELS[first - 1]}, {'then summed' if first == len(LEVELS) else 'shared above'}."
    )


def _middles(level: int, first: int) -> tuple[float, ...]:
    return (1.0,) if level >= first else (0.475, 1.525)


def _box(ax: Axes, x: float, level: int, width: float, role: str, text: str) -> None:
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
    ax.text(x + width / 2, level, text, ha="center", va="center", size=9, color=INK, bbox=label)


def _arrow(ax: Axes, x: float, level: int, target: float) -> None:
    arrow = {"arrowstyle": "->", "color": MUTED, "linewidth": 1.2}
    ax.annotate("", (target, level + 0.74), (x, level + 0.27), arrowprops=arrow)
