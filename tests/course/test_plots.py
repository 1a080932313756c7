"""The pictures: told apart by any eye, drawn once, described by their own data."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from coursekit.course.plots import (
    STYLE,
    accuracy_intervals,
    display,
    encoder_probes,
    learning_curves,
    new_figure,
    show,
)
from coursekit.course.plots.display import image_html, pixels, png
from coursekit.course.plots.guesses import number_line, option_line
from coursekit.course.plots.style import style
from coursekit.course.plots.tidy_tables import interval

# Machado, Oliveira and Fernandes (2009), full severity, for linear RGB.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(color: str) -> np.ndarray:
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab of linear RGB (3,), in which distances match what eyes tell apart."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, eye: str) -> float:
    return float(np.linalg.norm(lab(EYES[eye] @ linear(one)) - lab(EYES[eye] @ linear(other))))


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("one", "other"), list(combinations(STYLE, 2)))
def test_roles_have_colours_that_differ_for_every_eye(one, other, eye):
    assert distance(STYLE[one]["color"], STYLE[other]["color"], eye) > 20


def test_the_distance_finds_what_deuteranopes_confuse():
    red, green = "#b85c00", "#7d7d00"
    assert distance(red, green, "normal") > 40 > 20 > distance(red, green, "deuteranopia")


@pytest.mark.parametrize("role", STYLE)
def test_colours_stand_out_from_white(role):
    luminance = TO_XYZ[1] @ linear(STYLE[role]["color"])
    assert 1.05 / (luminance + 0.05) >= 3


def test_roles_differ_without_colour():
    assert len({look["marker"] for look in STYLE.values()}) == len(STYLE)
    lines = {(look["linestyle"], look["marker"]) for look in STYLE.values()}
    assert len(lines) == len(STYLE)
    assert STYLE["A"]["linestyle"] != STYLE["B"]["linestyle"]


def test_an_unknown_role_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="Did you mean 'joint'"):
        style("jont")


def test_show_gives_one_image_with_its_text_and_nothing_else(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "display", lambda data, raw: shown.append(data))
    figure, (ax,) = new_figure()
    ax.plot([0, 1], [0, 1])
    ax.set_title("A line")
    show(figure, 'A line from 0 to 1, "rising".')
    (output,) = shown
    assert set(output) == {"text/html", "text/plain"}
    assert output["text/html"].count("<img") == 1
    assert 'alt="A line from 0 to 1, &quot;rising&quot;."' in output["text/html"]


def test_show_closes_a_figure_of_pyplot(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(display, "display", lambda data, raw: None)
    figure, ax = plt.subplots()
    ax.set_title("Nothing")
    show(figure, "Empty axes.")
    assert figure.number not in plt.get_fignums()


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_picture_without_text_is_refused(alt):
    figure, (ax,) = new_figure()
    ax.set_title("A title")
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, alt)


def test_axes_without_a_title_are_refused():
    figure, axes = new_figure(columns=2)
    axes[0].set_title("only the left one")
    with pytest.raises(ValueError, match="axes without a title"):
        show(figure, "Two empty axes.")


def test_image_names_its_size_and_data():
    figure, _ = new_figure(5, 4)
    markup = image_html(png(figure), "x", pixels(figure), state="a<b")
    assert 'width="500" height="400"' in markup
    assert 'data-state="a&lt;b"' in markup


def test_interval_is_students():
    # By hand: mean 2, sd 1, n 3, t(0.975, 2) = 4.302653.
    estimate = interval([1.0, 2.0, 3.0])
    assert estimate.mean == 2
    assert estimate.high - 2 == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert np.isnan(interval([1.0]).low)
    with pytest.raises(ValueError, match="NaN"):
        interval([1.0, float("nan")])


@pytest.fixture
def accuracies():
    return pd.DataFrame(
        {"model": ["audio"] * 3 + ["joint"] * 3, "accuracy": [0.5, 0.6, 0.7, 0.8, 0.8, 0.8]}
    )


def test_accuracy_intervals_say_what_they_draw(accuracies):
    _, (ax,) = new_figure()
    alt = accuracy_intervals(accuracies, ax, {"audio": "A", "joint": "joint"})
    assert alt.index("joint 80.0 %") < alt.index("audio 60.0 %")
    assert "35.2 % to 84.8 %, 3 seeds" in alt
    assert [t.get_text() for t in ax.get_yticklabels()] == ["audio", "joint"]
    seeds = ax.lines[0].get_xdata()
    assert list(seeds) == [0.5, 0.6, 0.7]


def test_accuracy_of_one_seed_claims_no_interval(accuracies):
    _, (ax,) = new_figure()
    assert "one seed, no interval" in accuracy_intervals(accuracies.iloc[:1], ax)


def test_a_missing_column_or_role_is_named(accuracies):
    _, (ax,) = new_figure()
    with pytest.raises(ValueError, match=r"\['model'\] are missing"):
        accuracy_intervals(accuracies.drop(columns="model"), ax)
    with pytest.raises(TypeError, match="table is a dict; a table of pandas was expected"):
        accuracy_intervals({"model": ["joint"]}, ax)
    with pytest.raises(ValueError, match=r"no role to \['joint'\]"):
        accuracy_intervals(accuracies, ax, {"audio": "A"})


def test_learning_curves_tell_splits_by_line_and_models_by_marker():
    rows = [
        {"model": m, "split": s, "epoch": e, "seed": seed, "loss": 1 / e + seed / 10}
        for m in ("audio", "joint")
        for s in ("train", "valid")
        for e in (1, 2, 4)
        for seed in (0, 1)
    ]
    _, (ax,) = new_figure()
    alt = learning_curves(pd.DataFrame(rows), ax)
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--", "-", "--"]
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert len(ax.collections) == 4  # a band each
    assert "joint on valid goes from 1.050 at epoch 1 to 0.300 at epoch 4" in alt


def test_encoder_probes_compare_in_points():
    rows = [
        {"modality": m, "trained": e, "accuracy": x}
        for m, e, x in (
            ("audio", "alone", 0.9),
            ("audio", "joint", 0.8),
            ("video", "alone", 0.5),
            ("video", "joint", 0.55),
        )
    ]
    _, (ax,) = new_figure()
    alt = encoder_probes(pd.DataFrame(rows), ax)
    assert "90.0 % when trained alone and 80.0 % inside the joint model (-10.0 points)" in alt
    with pytest.raises(ValueError, match="no row for modality 'video', trained 'joint'"):
        encoder_probes(pd.DataFrame(rows[:3]), ax)


def test_guess_and_truth_stand_on_one_line():
    _, (ax,) = new_figure()
    alt = number_line(ax, 12.0, 4.0, 1.0, (0.0, 10.0), "points")
    assert alt == "The truth is 12, the guess was 4 points, off by 8."
    assert ax.get_xlim()[1] > 12  # a truth beyond the scale is still seen
    assert "guess" not in number_line(ax, 12.0, None, 1.0, (0.0, 10.0))
    assert option_line(ax, ("a", "b"), "a", "b") == "The truth is: a. The guess was: b."


def test_plots_know_no_pyplot_state():
    """Pictures with pyplot's state would be drawn twice by a notebook."""
    package = Path(__file__).parents[2] / "coursekit"
    users = [f.name for f in package.rglob("*.py") if "import matplotlib.pyplot" in f.read_text()]
    assert users == []
