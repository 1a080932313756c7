"""The explorer of views: any of six may be missing or noisy, and one transformer answers."""

from collections.abc import Generator, Mapping

import torch
from torch import Tensor

from coursekit.balancing.agm import coalitions
from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.uci_views import VIEWS
from coursekit.lessons.l17_many_modalities.coalitions import shapley_of
from coursekit.lessons.l17_many_modalities.explorer_view import Seen, ViewsView
from coursekit.lessons.l17_many_modalities.missing import hidden_views
from coursekit.lessons.l17_many_modalities.rows_at_once import share_right
from coursekit.lessons.l17_many_modalities.views import as_tokens, taught, without

SEEDS, ROWS, AT_ONCE = tuple(range(100, 105)), 50, 16
SEEN, OFF = "seen", "off"
LEARNT = {"views hidden at random": ", views hidden", "all views, always": ""}


def look(learnt: str, **knobs: float | str) -> Generator[None, None, Seen]:
    """What is reached with the views that are seen, and with every set of them."""
    networks, way = taught(SEEDS), LEARNT[learnt]
    yield
    seen = [m for m in VIEWS if knobs[m] == SEEN]
    inputs = noisy(networks.data.test.inputs, {m: float(knobs[f"noise_{m}"]) for m in VIEWS})
    labels = networks.data.test.labels[:, :ROWS]
    reached = {frozenset[str](): torch.full((len(SEEDS),), 1 / networks.data.classes)}
    sets = coalitions(seen)[1:]
    for start in range(0, len(sets), AT_ONCE):
        yield
        asked = sets[start : start + AT_ONCE]
        some = {m: inputs[m].repeat(1, len(asked), 1) for m in seen}
        masks = torch.cat([hidden_views(seen, s, labels.shape) for s in asked], dim=1)
        with torch.no_grad():
            logits = networks.fused[f"transformer{way}"](as_tokens(some), masks)
        for present, own in zip(asked, logits.chunk(len(asked), dim=1), strict=True):
            reached[present] = torch.tensor(share_right(own, labels))
    rivals = {}
    if seen:
        hidden = hidden_views(VIEWS, frozenset(seen), labels.shape)
        with torch.no_grad():
            each = {m: networks.alone[m]({m: inputs[m]}).softmax(-1) for m in seen}
            logits = networks.fused[f"concatenation{way}"](without(inputs, hidden))
        mean = torch.stack(list(each.values())).mean(0)
        rivals = {
            "ensemble": share_right(mean, labels),
            "concatenation": share_right(logits, labels),
            **{f"{m} alone": share_right(own, labels) for m, own in each.items()},
        }
    return Seen(
        accuracy=reached[frozenset(seen)].tolist(),
        rivals=rivals,
        worth={m: v.tolist() for m, v in shapley_of(reached).items()} if seen else {},
        noise={m: float(knobs[f"noise_{m}"]) for m in seen},
        learnt=learnt,
    )


def noisy(inputs: Mapping[str, Tensor], strength: Mapping[str, float]) -> dict[str, Tensor]:
    """Rows to test on, each view with noise of its strength; the pattern is always the same."""
    generator = torch.Generator().manual_seed(0)
    made = {}
    for m, x in inputs.items():
        rows = x[:, :ROWS]
        made[m] = rows + strength[m] * torch.randn(rows.shape, generator=generator)
    return made


@put_off()
def view_explorer() -> Explorer:
    """Lesson 17: which modality is missing, and what is each one worth?"""
    seen: dict[str, Control] = {m: Choice(f"{m}", (SEEN, OFF), SEEN) for m in VIEWS}
    noise: dict[str, Control] = {
        f"noise_{m}": Slider(f"noise on {m}", 0.0, 4.0, 0.25, 0.0) for m in VIEWS
    }
    everything = dict.fromkeys(VIEWS, SEEN)
    nothing = dict.fromkeys(VIEWS, OFF)
    quiet = dict.fromkeys(noise, 0.0)
    return Explorer(
        key="views",
        title="Which modality is missing?",
        question=(
            "Switch fac off: whose Shapley value grows most, and why not mor's? Put noise of 3 on "
            "pix: does the transformer notice that it should not listen? Who is ahead with one "
            "view, with two, with all: the transformer, or the ensemble of six small networks?"
        ),
        controls={
            "learnt": Choice("while it learnt", tuple(LEARNT), next(iter(LEARNT))),
            **seen,
            **noise,
        },
        groups={"Views": list(seen), "Noise at the test, in deviations": list(noise)},
        compute=look,
        make_view=ViewsView,
        presets={
            "all six": {**everything, **quiet},
            "without the strongest": {**everything, **quiet, "fac": OFF},
            "two weak ones": {**nothing, **quiet, "mor": SEEN, "zer": SEEN},
            "fac and mor": {**nothing, **quiet, "fac": SEEN, "mor": SEEN},
            "one liar": {**everything, **quiet, "noise_pix": 4.0},
        },
        busy="asking every set of views …",
    )
