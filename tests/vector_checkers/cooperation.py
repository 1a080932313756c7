"""Methods that change what the fusion sees, where encoders start or which rows there are."""

import torch

from coursekit.balancing import opm, relearning, remix, sample_valuation
from vector_checkers.scores import names_after


def opm_rates(row):
    """Probabilities of being dropped, from two scores or more."""
    scores = torch.stack([row.tensor(f"score_{m}") for m in names_after(row, "score_")])
    row.same("q", opm.drop_rates(scores, row.number("q_base"), row.number("lambda")))


def opm_drop(case):
    """What is left of features after a draw that the file tells."""
    names = names_after(case, "features_")
    features = [case.tensor(f"features_{m}") for m in names]
    widths = case.whole("widths").tolist()
    if widths != [z.shape[1] for z in features]:
        case.refuse(f"widths are {widths}; those of the features were expected.")
    keep = case.whole("mask_sample_by_modality").bool()
    theta = opm.lost_share(case.tensor("q"), widths)
    case.same("theta", theta)
    case.same_flags("kept_samples", keep.any(1))
    for m, z in zip(names, opm.thinned(features, keep, theta), strict=True):
        case.same(f"out_{m}", z)


def opm_defaults(entry):
    """Those of the method."""
    method = opm.OPM()
    entry.same("q_base", method.q_base)
    entry.same("lambda", method.strength)
    entry.same("p_exe", method.p_exe)


def purity_case(case):
    """Share of rows that have their cluster's commonest label."""
    labels, clusters = case.whole("labels"), case.whole("clusters")
    case.same("purity", relearning.purity(labels, clusters))


def reset_case(case):
    """How far an encoder goes back, and where it then is."""
    train, valid = (case.tensor(f"purity_{split}")[None] for split in ("train", "valid"))
    share = relearning.reset_shares(train, valid, case.number("lambda"))[0]
    case.same("alpha", share)
    initial, now = case.tensor("initial"), case.tensor("current")
    case.same("after", relearning.partly_reset(initial, now, share.item()))


def relearning_defaults(entry):
    """Those of the method, but for the epochs, of which trainings here have fewer."""
    method = relearning.Relearning()
    entry.same("lambda", method.strength)
    entry.same("reinit_num", method.times)
    entry.count("reinit_epoch")


def valuation_row(row):
    """Shapley values of two modalities for one sample, and how often each is copied alone."""
    ends = "_alone_right"
    names = [key.removesuffix(ends) for key in row if key.endswith(ends)]
    right = {frozenset([i]): row.whole(f"{m}{ends}").bool()[None] for i, m in enumerate(names)}
    right[frozenset(range(len(names)))] = row.whole("joint_right").bool()[None]
    phi = sample_valuation.contributions(right)
    copies = sample_valuation.extra_copies(phi)
    for m, own, number in zip(names, phi[0], copies[0], strict=True):
        row.same(f"phi_{m}", own)
        row.same(f"extra_copies_with_only_{m}", number)


def modality_level(row):
    """The release's coarse form, which the package has not: one share for all samples."""
    names = names_after(row, "mean_phi_")
    means = torch.stack([row.tensor(f"mean_phi_{m}") for m in names])
    gap, alpha = (means.max() - means.min()) / 1.5, row.number("alpha")
    row.same("share_linear", alpha * gap)
    row.same("share_tanh", torch.tanh(alpha * gap))
    row.same("share_square", alpha * gap**1.5)
    if row.text("copies_keep_only") != names[int(means.argmin())]:
        row.refuse(f"copies keep {row.text('copies_keep_only')!r}, not the one with the least.")


def remix_case(case):
    """How sure each modality is of each sample, and whom the sample trains."""
    names = names_after(case, "logits_")
    logits = [case.tensor(f"logits_{m}") for m in names]
    for m, x in zip(names, logits, strict=True):
        case.same(f"bits_from_uniform_{m}", remix.bits_from_uniform(x.softmax(1)))
    chosen = remix.least_sure(logits)
    for m in names_after(case, "trains_"):
        case.same_flags(f"trains_{m}", chosen == names.index(m))


def remix_edge(entry):
    """One distribution."""
    entry.same("bits", remix.bits_from_uniform(entry.tensor("p")[None])[0])


CHECKERS = {
    "opm.json": {"defaults": opm_defaults, "q": opm_rates, "drop": opm_drop},
    "relearning.json": {
        "defaults": relearning_defaults,
        "purity": purity_case,
        "reinit": reset_case,
    },
    "sample_valuation.json": {"table": valuation_row, "modality_level": modality_level},
    "remix.json": {"cases": remix_case, "edge": remix_edge},
}
