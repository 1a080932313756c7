"""Exercises of lesson 12: priors, training beside a bias, weights, diagnosis, repair, masks."""

from coursekit.lessons.l12_unimodal_bias.exercises.diagnosis import diagnose
from coursekit.lessons.l12_unimodal_bias.exercises.ensembles import mixin_loss
from coursekit.lessons.l12_unimodal_bias.exercises.masks import word_mask
from coursekit.lessons.l12_unimodal_bias.exercises.mending import mend_bias
from coursekit.lessons.l12_unimodal_bias.exercises.prior import count_prior
from coursekit.lessons.l12_unimodal_bias.exercises.weights import inverse_weights

__all__ = [
    "count_prior",
    "diagnose",
    "inverse_weights",
    "mend_bias",
    "mixin_loss",
    "word_mask",
]
