"""Filters by similarity, and the losses, labels and split of noisy correspondence."""

import torch

from coursekit.analysis.clean_mixture import clean_mixture, clean_part, scaled_losses
from coursekit.analysis.similarity_filter import (
    clip_score,
    keep_as_released,
    keep_share,
    passes_basic_rules,
    reference_clip_score,
    reference_score,
)
from coursekit.training.noisy_correspondence import (
    FORMS,
    hardest_loss,
    per_pair_loss,
    predicted_labels,
    relative_labels,
    soft_margins,
    warm_up_loss,
)
from vector_checkers.reading import as_tensor


def filter_case(case):
    """What the exact and the released rule keep, and where the released one cuts."""
    scores, share = case.tensor("score"), case.number("fraction")
    kept = keep_as_released(scores, share)
    case.same("threshold", scores[kept].min())
    case.same_flags("kept_as_released", kept)
    case.same_flags("kept_exact_count_first_of_ties", keep_share(scores, share))


def basic_case(case):
    """One text and picture by the rules of thumb."""
    words = case.text("text"), case.count("width"), case.count("height"), case.text("language")
    case.same("keep", passes_basic_rules(*words))


def clip_score_case(case):
    """The score of a caption by its picture, by its references, and both."""
    pictures, captions, weight = case.tensor("image"), case.tensor("caption"), case.number("weight")
    references = [as_tensor(own, case.at("references")) for own in case.take("references")]
    case.same("clip_score", clip_score(pictures, captions, weight))
    case.same("reference_only", reference_score(captions, references))
    case.same("ref_clip_score", reference_clip_score(pictures, captions, references, weight))


def ncr_case(case):
    """All losses of one batch, and the margin of each form."""
    similarity, labels = case.tensor("similarity"), case.tensor("soft_labels")
    margin = case.number("margin")
    case.same("warmup_loss", warm_up_loss(similarity, margin))
    case.same("per_sample_loss", per_pair_loss(similarity, margin))
    case.same("predicted_label_unclipped", relative_labels(similarity, margin))
    case.same("predicted_label", predicted_labels(similarity, margin))
    for form in FORMS:
        key = f"train_{form}"
        if key not in case:
            continue
        part, margins = case.part(key), soft_margins(labels, margin, form)
        part.same("soft_margin", margins)
        leaf = similarity.clone().requires_grad_()
        released = hardest_loss(leaf, margins, row_margin=True)
        part.same("loss_as_released", released)
        part.same("grad_as_released", torch.autograd.grad(released, leaf)[0])
        part.same("loss_margin_of_the_query", hardest_loss(similarity, margins))


def split_case(case):
    """Who is taken for clean."""
    clean = clean_part(case.tensor("probability_clean"), case.number("threshold"))
    case.same_flags("clean", clean)


def mixture_case(case):
    """Two normals, fitted as released."""
    losses = case.tensor("per_sample_loss")
    mixture = clean_mixture(losses)
    case.same("scaled", scaled_losses(losses))
    case.same("means", mixture.means)
    case.same("probability_clean", mixture.probability)
    case.same("iterations", mixture.rounds)


CHECKERS = {
    "similarity_filter.json": {
        "cases": filter_case,
        "basic": basic_case,
        "clip_score": clip_score_case,
    },
    "ncr.json": {"cases": ncr_case, "split": split_case, "mixture": mixture_case},
}
