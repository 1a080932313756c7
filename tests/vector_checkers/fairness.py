"""Group metrics, reweighing, gradient reversal, and the projected form of the adversary."""

import math

import torch
from torch.nn import functional as F

from coursekit.analysis import group_metrics
from coursekit.analysis.group_rates import group_rates, intersections, overall_rates
from coursekit.data.reweighing import balancing_weights, reweighing_weights
from coursekit.training.adversarial_projection import projected_gradients
from coursekit.training.gradient_reversal import reversal_strength, reverse_gradient

SHORT = {"tpr": "true_positive_rate", "fpr": "false_positive_rate"}


def metrics_case(case):
    """Rates by group, every difference and ratio with every option, AIF360's signs."""
    labels, predictions = case.whole("y_true").numpy(), case.whole("y_pred").numpy()
    groups, second = case.take("sensitive"), case.take("sensitive_2")
    if second is not None:
        groups = intersections([groups, second])
    weights = case.take("sample_weight")
    rates = group_rates(labels, predictions, groups, weights)
    own = case.part("groups_own")
    for group, row in rates.iterrows():
        one = own.part(str(group))
        for key in one:
            one.same(key, float(row[key]))
    by_fairlearn(case, rates, overall_rates(labels, predictions, weights))
    fairlearn = case.part("fairlearn")
    for key in fairlearn:
        fairlearn.same(key, apart(key, labels, predictions, groups, weights))
    if "aif360_sign" in case:
        signed(case, labels, predictions, groups, weights)


def by_fairlearn(case, rates, overall):
    """The rates as fairlearn gives them, 0 where there is no case."""
    table = case.part("fairlearn_by_group")
    for group, row in rates.iterrows():
        one = table.part(str(group))
        for key in one:
            value = float(row[SHORT.get(key, key)])
            one.same(key, 0.0 if math.isnan(value) else value)
    total = case.part("fairlearn_overall")
    for key in total:
        value = float(overall[SHORT.get(key, key)])
        total.same(key, 0.0 if math.isnan(value) else value)


def apart(key, labels, predictions, groups, weights):
    """What stands under a key as "equalized_odds_ratio/to_overall/mean"."""
    name, against, *how = key.split("/")
    options = {"to_overall": against == "to_overall"}
    measure = getattr(group_metrics, name)
    if name.startswith("demographic_parity"):
        return measure(predictions, groups, weights, **options)
    if name.startswith("equalized_odds"):
        options["combine"] = how[0] if how else "worst"
    return measure(labels, predictions, groups, weights, **options, undefined=0.0)


def signed(case, labels, predictions, groups, weights):
    """Unprivileged minus privileged."""
    part = case.part("aif360_sign")
    one, other = part.take("unprivileged"), part.take("privileged")  # text, or whole numbers
    differences = group_metrics.signed_differences(labels, predictions, groups, one, other, weights)
    for key, value in differences.items():
        part.same(key, value)


def reweighing_case(case):
    """Weights by cell and by row, and that groups and labels are independent with them."""
    groups, labels = case.take("sensitive"), case.take("labels")
    weights = reweighing_weights(groups, labels)
    case.same("sample_weight", torch.from_numpy(weights))
    cells = dict(zip(zip(groups, labels, strict=True), weights, strict=True))
    case.same_in("cell_weight", {f"{g}|{y}": float(w) for (g, y), w in cells.items()})
    rates = group_rates(labels, labels, groups, weights)["base_rate"]
    case.same_in("weighted_base_rate", {str(g): float(rate) for g, rate in rates.items()})
    case.same("balanced_sampling_weight", torch.from_numpy(balancing_weights(groups, labels)))


def reversal_case(case):
    """Losses and gradients of features, label head and adversary."""
    leaves = {
        name: case.tensor(name).requires_grad_()
        for name in ("weight_features", "weight_label", "weight_sensitive")
    }
    features = (case.tensor("x") @ leaves["weight_features"].T).tanh()
    seen = reverse_gradient(features, case.number("coefficient"))
    label = F.cross_entropy(features @ leaves["weight_label"].T, case.whole("labels"))
    sensitive = F.cross_entropy(seen @ leaves["weight_sensitive"].T, case.whole("sensitive"))
    case.same("loss_label", label)
    case.same("loss_sensitive", sensitive)
    case.same("total", label + sensitive)
    gradients = torch.autograd.grad(label + sensitive, list(leaves.values()))
    for name, gradient in zip(leaves, gradients, strict=True):
        case.same(f"grad_{name}", gradient)


def schedule_row(row):
    """The strength by progress, for every gamma there is."""
    progress = row.number("progress")
    for key in row:
        if key.startswith("gamma_"):
            row.same(key, reversal_strength(progress, float(key.removeprefix("gamma_"))))


def repository_row(row):
    """Progress by epochs and steps, and the strength then."""
    steps = row.count("steps_per_epoch")
    done = row.count("step") + row.count("epoch") * steps
    progress = done / (row.count("epochs") * steps)
    row.same("progress", progress)
    row.same("coefficient", reversal_strength(progress))


def projection_case(case):
    """Losses, both gradients, and the update in its three forms; the third is a known mistake."""
    leaves = {name: case.tensor(name).requires_grad_() for name in ("W1", "b1", "W2", "b2")}
    own = {name: case.tensor(f"adversary_{name}").requires_grad_() for name in ("weight", "bias")}
    alpha = case.number("alpha")
    hidden = (case.tensor("X") @ leaves["W1"].T + leaves["b1"]).tanh()
    predicted = (hidden @ leaves["W2"].T + leaves["b2"]).sigmoid()
    guessed = (predicted @ own["weight"].T + own["bias"]).sigmoid()
    task = F.binary_cross_entropy(predicted, case.tensor("Y"))
    adversary = F.binary_cross_entropy(guessed, case.tensor("A"))
    case.same("loss_predictor", task)
    case.same("loss_adversary", adversary)
    gradients = [
        dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values()), retain_graph=True),
                 strict=True))
        for loss in (task, adversary)
    ]  # fmt: skip
    case.same_in("gradient_predictor_loss", gradients[0])
    case.same_in("gradient_adversary_loss", gradients[1])
    for key, whole in (("update_per_tensor_frobenius", False), ("update_whole_vector", True)):
        case.same_in(key, projected_gradients(*gradients, alpha, whole_vector=whole))
    case.same_in(
        "update_fairlearn_as_released",
        {name: as_released(g, gradients[1][name], alpha) for name, g in gradients[0].items()},
    )
    by_own = torch.autograd.grad(adversary, list(own.values()))
    case.same_in("adversary_gradient", dict(zip(own, by_own, strict=True)))


def as_released(task, adversary, alpha):
    """The release's form: the products of all rows with all rows for the product of tensors."""
    unit = adversary / (adversary.norm() + torch.finfo(torch.float32).tiny)
    along = torch.inner(unit, task).sum()
    return task - along * unit - alpha * adversary


CHECKERS = {
    "fairness_metrics.json": {"cases": metrics_case},
    "reweighing.json": {"cases": reweighing_case},
    "gradient_reversal.json": {
        "cases": reversal_case,
        "schedule": schedule_row,
        "schedule_of_repository": repository_row,
    },
    "adversarial_projection.json": {"cases": projection_case},
}
