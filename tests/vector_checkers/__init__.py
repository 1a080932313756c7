"""What checks the parity files: for each file a function by the key whose entries it checks."""

from vector_checkers import (
    agm,
    attention,
    calibration,
    fusion,
    gradients,
    pmr,
    products,
    scores,
)

MODULES = (agm, attention, calibration, fusion, gradients, pmr, products, scores)
CHECKERS = {name: table for module in MODULES for name, table in module.CHECKERS.items()}
