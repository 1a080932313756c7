"""Objectives of newer balancing methods: LFM, DI-MML, InfoReg, ARL, AUG, CML, MBSD, AMCo."""

from itertools import combinations

import torch
from torch.nn import functional as F

from coursekit.balancing import amco, arl, aug, cml, dimml, inforeg, lfm, mbsd, pmr
from vector_checkers.scores import names_after
from vector_checkers.unimodal_bias import gradient, leaf

# What the release of InfoReg multiplies by; its files name the modality, not the factor.
HELD = {"a": 0.95, "v": 0.1}


def every(case, prefix):
    """Tensors of all modalities that want a gradient, by what stands behind a prefix."""
    return {m: leaf(case, f"{prefix}{m}") for m in names_after(case, prefix)}


def lfm_schedule(entry):
    """Weights of one epoch."""
    fitting = lfm.fitting_weight(entry.count("epoch"))
    entry.same("weights_cls_align", torch.tensor([fitting, 1 - fitting], dtype=torch.float64))


def lfm_case(case):
    """The gap as the release has it, the divergence itself, the loss and its gradients."""
    logits, labels = every(case, "logits_"), case.whole("labels")
    parts = list(logits.values())
    released = lfm.prediction_gap(parts, "from-mean")
    case.same("alignment_released", released)
    case.same("true_jensen_shannon", lfm.prediction_gap(parts))
    mean = torch.stack(parts).mean(0)
    case.same("cross_entropy_of_mean_logits", F.cross_entropy(mean, labels))
    lfm_schedule(case)
    fitting = lfm.fitting_weight(case.count("epoch"))
    loss = lfm.loss(parts, labels, released, fitting)
    case.same("loss", loss)
    for m, x in logits.items():
        case.same(f"grad_{m}", gradient(loss, x))


def marked(places, width):
    """The dimensions of a list, (width,) of True and False."""
    marks = torch.zeros(width, dtype=torch.bool)
    marks[places] = True
    return marks


def dimml_contrast(case):
    """The loss of two modalities and its gradients."""
    names = [key.removesuffix("_features") for key in case if key.endswith("_features")]
    features = {m: leaf(case, f"{m}_features") for m in names}
    width = len(features[names[0]][0])
    good = [marked(case.whole(f"dims_good_in_{m}_only"), width) for m in names]
    loss = dimml.decoupled_contrast(list(features.values()), good, case.number("temperature"))
    case.same("loss", loss)
    for m, x in features.items():
        case.same(f"grad_{m}", gradient(loss, x))


def dimml_choice(entry):
    """Means, accuracies and the dimensions above their mean."""
    features, labels = entry.tensor("features"), entry.whole("labels")
    classes = len(entry.tensor("class_means"))
    entry.same("class_means", pmr.prototypes(features, labels, classes))
    entry.same("accuracy_per_dimension", dimml.dimension_accuracies(features, labels, classes))
    entry.same("good", dimml.good_dimensions(features, labels, classes).nonzero().flatten())


def dimml_fusion(entry):
    """Weights of the models and the logits that are fused with them."""
    (key,) = (f"logits_{names}" for names in names_after(entry, "logits_"))
    logits, temperature = list(entry.tensor(key)), entry.number("temperature")
    entry.same("weights_by_model_and_sample", dimml.certainty_weights(logits, temperature))
    entry.same("fused", dimml.certainty_fusion(logits, temperature))


def inforeg_window(entry):
    """How much traces rise, and whether that keeps the window open."""
    (key,) = (key for key in entry if key.startswith("trace_of_"))
    k = inforeg.relative_rise(entry.tensor(key).tolist())
    entry.same("k", k)
    (threshold,) = names_after(entry, "window_open_k_above_")
    if float(threshold) != inforeg.LEAST_RISE:
        entry.refuse(f"the window is open above {threshold}; {inforeg.LEAST_RISE} was expected.")
    entry.same(f"window_open_k_above_{threshold}", k > inforeg.LEAST_RISE)


def inforeg_coefficients(entry):
    """How strongly each encoder is held."""
    names = names_after(entry, "score_")
    if not set(names) <= set(HELD):
        entry.refuse(f"scores are of {names}; some of {list(HELD)} were expected.")
    scores = torch.stack([entry.tensor(f"score_{m}") for m in names])
    factors = torch.tensor([HELD[m] for m in names], dtype=torch.float64)
    for m, beta in zip(names, inforeg.coefficients(scores, factors), strict=True):
        entry.same(f"beta_{m}", beta)


def inforeg_gradient(entry):
    """The gradient of a weight that is held."""
    tensors = [entry.tensor(key) for key in ("grad", "w", "w_epoch_start")]
    entry.same("new_grad", inforeg.regulated(*tensors, entry.number("beta")))


def arl_case(case):
    """Entropies, shares and weights."""
    names = names_after(case, "logits_")
    logits = [case.tensor(f"logits_{m}") for m in names]
    case.same("mean_entropy", arl.mean_entropies(logits))
    (least,) = names_after(case, "share_of_entropy_at_least_")
    floored = arl.floored_shares(arl.mean_entropies(logits), float(least))
    case.same(f"share_of_entropy_at_least_{least}", floored)
    case.same("inverse_share", arl.inverse_shares(floored))
    case.same("share_of_logit_size", arl.logit_shares(logits))
    weights = arl.coefficients(logits, case.number("T"), float(least))
    case.same(f"weight_{'_'.join(names)}", weights)


def aug_case(case):
    """The loss of a branch that is added, and its gradients."""
    logits = {m: leaf(case, f"{m}_logits") for m in ("previous", "added")}
    loss = aug.boosting_loss(*logits.values(), case.whole("labels"), case.number("alpha"))
    case.same("loss", loss)
    for m, x in logits.items():
        case.same(f"grad_{m}", gradient(loss, x))


def cml_case(case):
    """Confidences, the hinge per sample, and the release's of the batch."""
    labels = case.whole("labels")
    complete, reduced = case.tensor("logits_all"), case.tensor("logits_one_removed")
    sure = cml.confidence(complete), cml.confidence(reduced)
    case.same("confidence_all", sure[0])
    case.same("confidence_one_removed", sure[1])
    case.same("per_sample_hinge_sum", cml.rise(complete, reduced).sum())
    mean = cml.penalty([complete, reduced])
    case.same("per_sample_hinge_sum", mean * len(labels))
    case.same("released_batch_hinge", (sure[1] - sure[0]).sum().clamp_min(0))
    lost = (complete.argmax(1) == labels) & (reduced.argmax(1) != labels)
    case.same("count_not_right_then_wrong_unused", int((~lost).sum()))


def mbsd_case(case):
    """Weights, gaps and both terms; of more than two modalities the mean over pairs."""
    names, labels = names_after(case, "logits_"), case.whole("labels")
    logits = [case.tensor(f"logits_{m}") for m in names]
    pairs = list(combinations(logits, 2))
    weights = [mbsd.gap_weights(*pair, labels) for pair in pairs]
    gaps = [mbsd.squared_gaps(*pair) for pair in pairs]
    terms = [mbsd.true_class_divergence(*pair, labels) for pair in pairs]
    if len(pairs) == 1:
        case.same("weight", weights[0])
        case.same("squared_gap", gaps[0])
    gap, term = (
        torch.stack([(w * x).mean() for w, x in zip(weights, xs, strict=True)]).mean()
        for xs in (gaps, terms)
    )
    case.same("gap_term", gap)
    case.same("kl_with_logarithm", term)
    case.same("kl_with_logarithm", mbsd.gap_loss(logits, labels) - gap)
    case.same("released_kl_term", probabilities_for_logarithms(pairs, weights, labels))


def probabilities_for_logarithms(pairs, weights, labels):
    """The term as the release has it: it hands on a probability where a logarithm is read."""
    terms = []
    for pair, weight in zip(pairs, weights, strict=True):
        own = torch.stack([x.softmax(1).gather(1, labels[:, None])[:, 0] for x in pair])
        low, high = own.amin(0), own.amax(0)
        terms.append((weight * low * (low.log() - high)).mean())
    return torch.stack(terms).mean()


def amco_schedule(row):
    """Which share, and how many classes, are masked in a batch; ε is 0.3, as the key says."""
    progress = amco.progress(row.count("epoch"), row.count("batch"))
    row.same("l", progress)
    share = amco.masked_share(progress, 0.3)
    row.same("p", share)
    row.same("classes_masked", amco.masked_count(share, row.count("classes")))


CHECKERS = {
    "lfm.json": {"schedule": lfm_schedule, "cases": lfm_case},
    "dimml.json": {
        "contrast": dimml_contrast,
        "dimension_choice": dimml_choice,
        "fusion": dimml_fusion,
    },
    "inforeg.json": {
        "window": inforeg_window,
        "coefficients": inforeg_coefficients,
        "gradient": inforeg_gradient,
    },
    "arl.json": {"cases": arl_case},
    "aug.json": {"cases": aug_case},
    "peer_objectives.json": {
        "cml": cml_case,
        "mbsd": mbsd_case,
        "amco_schedule_eps_0.3": amco_schedule,
    },
}
