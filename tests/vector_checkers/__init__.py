"""What checks the parity files: for each file a function by the key whose entries it checks."""

from vector_checkers import (
    agm,
    alignment,
    attention,
    calibration,
    cooperation,
    curating,
    fairness,
    fusion,
    fusion_alignment,
    gradients,
    pareto,
    pmr,
    products,
    regularisers,
    retrieval,
    scores,
    unimodal_bias,
)

MODULES = (
    *(
        agm,
        alignment,
        attention,
        calibration,
        cooperation,
        curating,
        fairness,
        fusion,
        fusion_alignment,
    ),
    *(gradients, pareto, pmr, products, regularisers, retrieval, scores, unimodal_bias),
)
CHECKERS = {name: table for module in MODULES for name, table in module.CHECKERS.items()}
