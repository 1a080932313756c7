"""Greedy learning: speeds of paths, gates and their averages, and whose gate is held when."""

import torch

from coursekit.balancing import greedy
from coursekit.fusion.cross_modal_gate import cross_modal_gates, through_gate

GATES = ("visual", "skeleton")  # of modality 0 and 1
SHARED = "squeeze"


def paths():
    """Name in the file → which parameters are on it."""
    for m, gate in enumerate(GATES):
        yield f"bypass_{m}", (gate, SHARED)
        yield f"main_{m}", (f"net_view_{m}",)


def speed_row(row):
    """μ summed over the steps up to this one; weights stay as they are."""
    params = row.above.tensors("params")
    step = row.count("step")
    row.tensors("grads")
    before = [other["grads"] for other in row.above.value["rows"] if other["step"] <= step]
    sums = {}
    for path, words in paths():
        names = [n for n in params if any(word in n for word in words)]
        sums[path] = sum(
            greedy.learning_speed(
                [torch.tensor(grads[n], dtype=torch.float64) for n in names],
                [params[n] for n in names],
            )
            for grads in before
        )
    row.same_in("accumulated", sums)
    bypass, main = (torch.stack([sums[f"{p}_{m}"] for m in (0, 1)]) for p in ("bypass", "main"))
    row.same("d_speed", greedy.speed_difference(bypass, main))


def gate_case(case):
    """Live gates and held ones.

    The release has no factor 2 in its gates, and averages the first gate for both modalities.
    """
    p = case.tensors("params")
    weights, biases = ([p[f"fc_{m}.{what}"] for m in GATES] for what in ("weight", "bias"))
    average = 0.0
    for number, step in enumerate(case.parts("steps")):
        features = [step.tensor(m) for m in GATES]
        squeeze = p["fc_squeeze.weight"], p["fc_squeeze.bias"]
        gates = [g / 2 for g in cross_modal_gates(features, *squeeze, weights, biases)]
        average = (average * number + gates[0].mean(0)) / (number + 1)
        caring = step.count("caring_modality")
        held = caring if step.flag("curation") else None
        for m, name in enumerate(GATES):
            step.same(f"gate_{name}", gates[m])
            step.same(f"running_{name}", average)
            used = average if m == held else gates[m]
            step.same(f"out_{name}", through_gate(features[m], used))


def state_machine(case):
    """Batch after batch; speeds are measured where nothing is held."""
    epsilon, window = case.number("epsilon"), case.count("window")
    speeds = case.tensor("speed_differences_when_measured").tolist()
    key = "after_each_batch_curation_caring_measured_so_far"
    rows, whose, left, measured, caring = [], None, 0, 0, 0
    while measured < len(speeds) or left:
        measures = left == 0
        measured += measures
        whose, left = greedy.next_curation(whose, left, speeds[measured - 1], epsilon, window)
        if measures:
            caring = 0 if whose is None else whose  # the release keeps the name afterwards
        rows.append([left > 0, caring, measured])
    case.same_rows(key, rows[: len(case.take(key))])


CHECKERS = {
    "greedy_speed.json": {"rows": speed_row},
    "greedy_curation.json": {"gate": gate_case, "state_machine": state_machine},
}
