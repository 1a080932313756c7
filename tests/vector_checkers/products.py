"""Sums of products: tensor fusion, low-rank fusion, multiplicative interactions."""

import itertools
import math

import torch

from coursekit.fusion import tensor_product
from coursekit.fusion.bilinear import bilinear
from coursekit.fusion.low_rank import LowRank, low_rank


def modalities(case, ending):
    """Names of the modalities: what stands before the ending of a key, in the file's order."""
    return [key.removesuffix(ending) for key in case if key.endswith(ending)]


def outer_product(parts):
    """[1; z_1] ⊗ … ⊗ [1; z_M], one product at a time, the last modality fastest."""
    rows = []
    for sample in zip(*(part.tolist() for part in parts), strict=True):
        factors = [[1.0, *z] for z in sample]
        rows.append([math.prod(chosen) for chosen in itertools.product(*factors)])
    return torch.tensor(rows, dtype=torch.float64)


def tfn_case(case):
    """The product tensor from the package, and the layers that the reference puts on top of it."""
    names = modalities(case, "_h")
    parts = [case.tensor(f"{m}_h") for m in names]
    product = tensor_product(parts)
    case.same("fusion_tensor", product)
    if "post" in case:
        p = case.tensors("post")
        first = torch.relu(product @ p["W1"].T + p["b1"])
        second = torch.relu(first @ p["W2"].T + p["b2"])
        case.same("output", torch.sigmoid(second @ p["W3"].T + p["b3"]) * 6 - 3)
    if "multibench_equal" in case:
        case.same("multibench_equal", torch.allclose(outer_product(parts), product))


def lmf_case(case):
    """The package, and the same by the tensor whose weights the factors stand for."""
    names = modalities(case, "_h")
    parts = [case.tensor(f"{m}_h") for m in names]
    factors = [case.tensor(f"{m}_factor") for m in names]
    weights, bias = case.tensor("fusion_weights")[0], case.tensor("fusion_bias")[0]
    case.same("rank", len(factors[0]))
    output = low_rank(parts, factors, weights, bias)
    case.same("output", output)
    letters = "abcdefg"[: len(names)]
    terms = ",".join(f"r{letter}o" for letter in letters)
    full = torch.einsum(f"r,{terms}->{letters}o", weights, *factors).flatten(0, -2)
    contracted = outer_product(parts) @ full + bias
    for key in ("equals_full_tensor_contraction", "multibench_equal"):
        if key in case:
            case.same(key, torch.allclose(contracted, output, rtol=0, atol=1e-9))
    made = LowRank(
        {m: z.shape[1] for m, z in zip(names, parts, strict=True)}, len(bias), len(weights)
    )
    if sum(p.numel() for p in made.parameters()) != sum(
        t.numel() for t in (*factors, weights, bias)
    ):
        case.refuse("the package's operator does not hold all factors as parameters.")


def lmf_registration(entry):
    """Counts of a release that forgets to register its factors; the file has no case for them."""
    names = entry.take("parameters_registered")
    if names != ["fusion_weights", "fusion_bias"]:
        entry.refuse(f"parameters_registered is {names}; the weights and the bias were expected.")
    factors, trained = entry.count("factors_count"), entry.count("n_trainable_via_parameters")
    values = entry.count("n_factor_values")
    # R + O numbers are trained, R · O · Σ(D_m + 1) are in the factors, and D_m is one or more.
    shapes = [
        (rank, trained - rank)
        for rank in range(1, trained)
        if values % (rank * (trained - rank)) == 0
        and values // (rank * (trained - rank)) >= 2 * factors
    ]
    if not shapes:
        entry.refuse(f"no rank and width fit {trained} trained and {values} factor values.")


def bilinear_case(case):
    """x₀ᵀWx₁ + x₀U + x₁V + b by the package's product, and as one map of the product tensor."""
    x, y = case.tensor("x0"), case.tensor("x1")
    p, kind = case.tensors("params"), case.text("output_type")
    if kind not in FORMS:
        case.refuse(f"output_type is {kind!r}; one of {list(FORMS)} was expected.")
    w, u, v, b = FORMS[kind](p, y.shape[1])
    shape = b.shape
    w, u, v, b = w.flatten(2), u.flatten(1), v.flatten(1), b.flatten()
    product = bilinear([x, y], w.movedim(2, 0), torch.zeros_like(b))
    case.same("output", (product + x @ u + y @ v + b).reshape(-1, *shape))
    full = torch.zeros(len(b), 1 + x.shape[1], 1 + y.shape[1], dtype=x.dtype)
    full[:, 0, 0], full[:, 1:, 0], full[:, 0, 1:], full[:, 1:, 1:] = b, u.T, v.T, w.movedim(2, 0)
    case.same("output", (tensor_product([x, y]) @ full.flatten(1).T).reshape(-1, *shape))


def whole_form(p, width):
    """All weights as they are: (n, m, …), (n, …), (m, …), (…)."""
    return p["W"], p["U"], p["V"], p["b"]


def vector_form(p, width):
    """Output unit c sees unit c of x₁ only: W (n, m), U (n, m), V (m,), b (m,)."""
    return (
        torch.einsum("nc,jc->njc", p["W"], torch.eye(width).double()),
        p["U"],
        p["V"].diag(),
        p["b"],
    )


def scalar_form(p, width):
    """One scale and one shift for all units: W (n,), U (n,), V (1,), b (1,)."""
    wide = {k: p[k].reshape(-1, 1).expand(-1, width) for k in "WU"}
    wide |= {k: p[k].reshape(-1).expand(width) for k in "Vb"}
    return vector_form(wide, width)


FORMS = {
    "matrix": whole_form,
    "matrix3D": whole_form,
    "vector": vector_form,
    "scalar": scalar_form,
}

CHECKERS = {
    "tfn.json": {"cases": tfn_case},
    "lmf.json": {"cases": lmf_case, "multibench_registration": lmf_registration},
    "bilinear_mi.json": {"cases": bilinear_case},
}
