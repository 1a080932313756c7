"""Pictures of lesson 15: scenes, systems by metric, tau with intervals, accuracy under damage."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import interval
from coursekit.course.plots.style import INK, style
from coursekit.course.plots.tidy_tables import require_axes, require_columns
from coursekit.lessons.l15_evaluation.rating_card import as_picture
from coursekit.lessons.l15_evaluation.study_robustness import MISSING
from coursekit.lessons.l15_evaluation.systems import Described

LOOKS = {
    "joint": ("joint", "joint"),
    "ensemble": ("ensemble", "ensemble"),
    "modality-dropout": ("A", "modality dropout"),
    "mlb": ("B", "MLB"),
    "random-scale": (None, "random pace"),
}


def scene_pictures(axes: Sequence[Axes], data: Described, scenes: Sequence[int]) -> list[str]:
    """Draw scenes side by side; return an alt text each."""
    alts = []
    for ax, scene in zip(axes, scenes, strict=True):
        ax.imshow(as_picture(data, scene), interpolation="nearest")
        ax.set_axis_off()
        ax.set_title(f"Scene {scene}")
        alts.append(f"Scene {scene}, described so: {data.references[scene][0]}.")
    return alts


def metric_rows(axes: Sequence[Axes], scores: pd.DataFrame, true: Mapping[str, float]) -> str:
    """Draw a panel per metric, a point with its interval per system; return the alt text.

    scores: a row per system and metric; columns condition (the system), measure, value, low, high.
    true: system → share of its captions that are true; it decides colour and mark.
    """
    require_columns(scores, ("condition", "measure", "value", "low", "high"))
    metrics = [str(metric) for metric in scores["measure"].unique()]
    require_axes(axes, "axes", metrics)
    sentences = []
    for ax, metric in zip(axes, metrics, strict=True):
        lines = scores[scores["measure"] == metric].to_dict("records")
        for row, line in enumerate(lines):
            share = true[line["condition"]]
            role = "A" if share > 0.9 else "B" if share < 0.05 else "joint"
            ax.plot([line["low"], line["high"]], [row] * 2, color=style(role)["color"], lw=2.2)
            ax.plot(line["value"], row, linestyle="", ms=5, **style(role, "color", "marker"))
        ax.set_yticks(range(len(lines)), [line["condition"] for line in lines])
        ax.tick_params(labelleft=ax is axes[0])
        ax.set_ylim(len(lines) - 0.5, -0.5)
        ax.set_xlim(0, 6 if "CIDEr" in metric else 1.05)
        ax.set_xlabel("score, 0 to 10" if "CIDEr" in metric else "score, 0 to 1")
        ax.set_title(metric)
        texts = ", ".join(
            f"{r['condition']} {r['value']:.2f} [{r['low']:.2f}, {r['high']:.2f}]" for r in lines
        )
        sentences.append(f"{metric}: {texts}.")
    handles = [
        axes[0].plot([], [], linestyle="", label=label, **style(role, "color", "marker"))[0]
        for role, label in (("A", "all true"), ("joint", "some true"), ("B", "none true"))
    ]
    title = "captions of the system; bars: 95 %, scenes drawn anew"
    axes[0].figure.legend(handles=handles, loc="outside lower center", ncols=3, title=title)
    return " ".join(sentences)


def tau_rows(axes: Sequence[Axes], table: pd.DataFrame) -> str:
    """Draw τ of each metric, a panel per pool of systems; return the alt text.

    table: columns pool, metric, level, tau, low, high.
    """
    require_columns(table, ("pool", "metric", "level", "tau", "low", "high"))
    metrics = list(dict.fromkeys(table["metric"]))
    sentences = []
    for ax, (pool, part) in zip(axes, table.groupby("pool", sort=False), strict=True):
        for shift, (level, role) in enumerate((("caption", "A"), ("system", "B"))):
            rows = part[part["level"] == level]
            at = [metrics.index(metric) + 0.2 * shift - 0.1 for metric in rows["metric"]]
            look = style(role, "color", "marker")
            for y, low, high in zip(at, rows["low"], rows["high"], strict=True):
                ax.plot([low, high], [y, y], color=look["color"], linewidth=1.8)
            ax.plot(rows["tau"], at, linestyle="", label=f"per {level}", **look)
            texts = ", ".join(
                f"{m} {t:.2f} [{low:.2f}, {high:.2f}]"
                for m, t, low, high in rows[["metric", "tau", "low", "high"]].to_numpy()
            )
            sentences.append(f"{pool} systems, per {level}: {texts}.")
        ax.set_yticks(range(len(metrics)), metrics)
        ax.set_ylim(len(metrics) - 0.5, -0.5)
        ax.set_xlim(-0.1, 1.05)
        ax.set_xlabel("tau with mean correctness, 95 % over scenes")
        ax.set_title(f"{str(pool).capitalize()} systems")
        ax.grid(visible=False, axis="y")
    axes[0].legend(loc="lower left")
    return " ".join(sentences)


def damage_curves(axes: Sequence[Axes], table: pd.DataFrame) -> str:
    """Draw accuracy by noise, a panel per modality; without it at the right; return the alt text.

    table: columns method, seed, modality, damage (a level as text, or "missing"), accuracy.
    """
    require_columns(table, ("method", "seed", "modality", "damage", "accuracy"))
    sentences = []
    for ax, (modality, part) in zip(axes, table.groupby("modality", sort=False), strict=True):
        damages = list(dict.fromkeys(part["damage"]))
        for k, (method, (role, label)) in enumerate(LOOKS.items()):
            own = part[part["method"] == method]
            each = [interval(own.loc[own["damage"] == d, "accuracy"]) for d in damages]
            look = style(role) if role else {"color": INK, "linestyle": "-.", "marker": "v"}
            at = [place + 0.07 * (k - 2) for place in range(len(damages))]
            noise = slice(0, damages.index(MISSING))
            means = [i.mean for i in each]
            ax.plot(at[noise], means[noise], label=label, ms=5, **look)
            ax.plot(at[-1], means[-1], linestyle="", marker=look["marker"], color=look["color"])
            for x, i in zip(at, each, strict=True):
                ax.plot([x, x], [i.low, i.high], color=look["color"], linewidth=1.2)
            texts = ", ".join(f"{d} {m:.2f}" for d, m in zip(damages, means, strict=True))
            sentences.append(f"Noise on {modality}, {label}: {texts}.")
        ax.set_xticks(range(len(damages)), damages)
        ax.set_xlabel(f"noise on {modality}, in standard deviations")
        ax.set_ylabel("test accuracy, 95 % over seeds")
        ax.set_ylim(0.4, 1)
        ax.set_title(f"Damage to {modality}")
    axes[0].legend(loc="lower left")
    return " ".join(sentences)
