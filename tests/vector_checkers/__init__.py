"""What checks the parity files: for each file a function by the key whose entries it checks."""

from vector_checkers import (
    agm,
    alignment,
    attention,
    calibration,
    curating,
    distillation,
    fairness,
    fusion,
    fusion_alignment,
    g2d,
    gradients,
    greedy,
    mla,
    objectives,
    pmr,
    products,
    reconboost,
    retrieval,
    scores,
    unimodal_bias,
)

MODULES = (
    *(agm, alignment, attention, calibration, curating, distillation, fairness, fusion),
    *(fusion_alignment, g2d, gradients, greedy, mla, objectives, pmr, products),
    *(reconboost, retrieval, scores, unimodal_bias),
)
CHECKERS = {name: table for module in MODULES for name, table in module.CHECKERS.items()}
