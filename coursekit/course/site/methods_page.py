"""The page of all balancing methods: what each touches, and where it landed in the comparison."""

import html
from collections.abc import Iterable, Sequence

import pandas as pd

from coursekit import balancing
from coursekit.balancing.taxonomy import FUSION, lineup
from coursekit.compare.ranks import clearly_ahead, ranking
from coursekit.course.site.lesson_page import raw
from coursekit.data.files import open_checked

FUSED, RIVAL = "late-linear", "ensemble"
EXCUSED = ("edge of the range not chosen",)  # as in lesson 08, which says why
HEADS = ("method", "what it does", "what it touches", "mean rank", "clearly ahead of the ensemble",
         "clearly behind it", "multiply-adds / joint")  # fmt: skip


def methods_page() -> str:
    """Its markdown, from the registry and from the stored tables that lesson 08 reads."""
    results, trials = (pd.read_csv(open_checked(n)) for n in ("methods.csv", "methods_trials.csv"))
    ranks = ranking(results, trials, EXCUSED, FUSED).set_index("method")["mean"]
    counts = clearly_ahead(results, RIVAL, FUSED).set_index("method")
    costs = pd.read_csv(open_checked("methods_costs.csv"))
    cost = costs[costs["fusion"] == FUSED].groupby("method")["relative_multiply_adds"].median()
    rows = []
    for index, row in lineup().iterrows():
        name = str(index)
        touches = [str(what) for what, tick in row.items() if what != FUSION and tick]
        places = int(counts["places"].get(name, 0))
        rows.append([
            f"<code>{name}</code>", _about(name), ", ".join(touches) or "nothing",
            _number(ranks, name, 1), _count(counts["ahead"], name, places),
            _count(counts["behind"], name, places), _number(cost, name, 2),
        ])  # fmt: skip
    return (
        "# All balancing methods\n\nEvery method of [coursekit.balancing](library/balancing.md), "
        "read from the code, and where it landed in the comparison of "
        "[lesson 08](lessons/08_multi_loss_balanced.md): its mean rank among "
        f"{len(ranks)} over eight data sets with {FUSED} fusion (1 is best; equal tuning, ten "
        "seeds), on how many data sets the 95 % interval of its difference to the ensemble of "
        f"unimodal models lies above or below zero (the ensemble's own rank is {ranks[RIVAL]:.1f}),"
        " and what one training costs. Lesson 08 says which differences can be told from chance, "
        "and why most cannot.\n\n" + raw(table_html(HEADS, rows)) + "\n"
    )


def table_html(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose rows can be sorted; its cells are HTML."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        '<div class="ck-table ck-words" tabindex="0"><table class="ck-sortable"><thead><tr>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _about(name: str) -> str:
    """The first sentence of the method's docstring."""
    text = " ".join((balancing.registry()[name].__doc__ or "").split("\n\n")[0].split())
    return html.escape(text.split(". ")[0].rstrip(".").replace("`", ""))


def _number(values: pd.Series, name: str, decimals: int) -> str:
    return f"{values[name]:.{decimals}f}" if name in values.index else "–"


def _count(counts: pd.Series, name: str, places: int) -> str:
    return f"{int(counts[name])} of {places}" if name in counts.index else "–"
