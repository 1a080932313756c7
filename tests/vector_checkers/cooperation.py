"""Methods that change what the fusion sees, where encoders start or which rows there are."""

import torch

from coursekit.balancing import opm, relearning
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


CHECKERS = {
    "opm.json": {"defaults": opm_defaults, "q": opm_rates, "drop": opm_drop},
    "relearning.json": {
        "defaults": relearning_defaults,
        "purity": purity_case,
        "reinit": reset_case,
    },
}
