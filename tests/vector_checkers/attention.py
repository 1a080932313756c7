"""Non-local block, squeeze-and-excitation, and the gate with a straight-through gradient."""

import torch
from torch.nn import functional as F

from coursekit.fusion import straight_through
from coursekit.fusion.non_local import non_local
from coursekit.fusion.squeeze_excite import squeeze_excite


def nl_block_case(case):
    """The block with its biases, and its attention."""
    if case.flag("bn"):
        case.refuse("bn is true; the checker knows the block without a batch norm.")
    p, x = (
        {k: v.flatten(1) if v.ndim > 1 else v for k, v in case.tensors("params").items()},
        case.tensor("x"),
    )
    if case.flag("sub_sample"):
        case.same("inter_channels", len(p["theta.bias"]))
        output, attention = sub_sampled(p, x)
    else:
        case.same("inter_channels", len(p["g.bias"]))
        positions = x.flatten(2).transpose(1, 2)  # (B, P, D)
        output = with_biases(p, positions).transpose(1, 2).reshape(x.shape)
        attention = attention_alone(p, positions)
    case.same("output", output)
    case.same("attention", attention)


def with_biases(p, x):
    """The package's block, biases written as weights of one constant feature and one unit.

    x̃ = [x, 1] turns every bias into a column. The output's bias is carried by a further hidden
    unit whose value is always 1 and which neither queries nor is queried: attention sums to one.
    """
    d, h = x.shape[2], len(p["g.bias"])
    constant, silent = x.new_zeros(1, d + 1), x.new_zeros(1, d + 1)
    constant[0, -1] = 1
    out = x.new_zeros(d + 1, h + 1)
    out[:d] = torch.cat([p["W.weight"], p["W.bias"][:, None]], dim=1)
    query, key, value = (column(p, name) for name in ("theta", "phi", "g"))
    block = non_local(
        torch.cat([x, torch.ones_like(x[:, :, :1])], dim=2),
        torch.cat([query, silent]),
        torch.cat([key, silent]),
        torch.cat([value, constant]),
        out,
    )
    return block[:, :, :d]


def attention_alone(p, x):
    """The package's attention: its values and its output are the numbers of the positions.

    x̃ = [x, 1, one-hot of the position, room for the output], so that what the block adds to the
    empty room is the attention itself.
    """
    batch, count, d = x.shape
    query, key = column(p, "theta"), column(p, "phi")
    h, eye = len(query), torch.eye(count, dtype=x.dtype)
    wide = torch.cat(
        [
            x,
            torch.ones_like(x[:, :, :1]),
            eye.expand(batch, -1, -1),
            x.new_zeros(batch, count, count),
        ],
        dim=2,
    )
    hidden, total = max(h, count), d + 1 + 2 * count
    w = x.new_zeros(4, hidden, total)
    w[0, :h, : d + 1], w[1, :h, : d + 1] = query, key
    w[2, :count, d + 1 : d + 1 + count] = eye
    w[3, :count, d + 1 + count :] = eye
    return non_local(wide, w[0], w[1], w[2], w[3].T)[:, :, d + 1 + count :]


def column(p, name):
    """[W, b] of one of the block's maps."""
    return torch.cat([p[f"{name}.weight"], p[f"{name}.bias"][:, None]], dim=1)


def sub_sampled(p, x):
    """The block whose keys and values are pooled by two, which the package does not have."""
    pool, size = {3: (F.max_pool1d, 2), 4: (F.max_pool2d, 2), 5: (F.max_pool3d, (1, 2, 2))}[x.ndim]

    def mapped(name):
        """One of the block's maps, in the shape of the input."""
        flat = p[f"{name}.weight"] @ x.flatten(2) + p[f"{name}.bias"][:, None]
        return flat.reshape(len(x), -1, *x.shape[2:])

    query = mapped("theta").flatten(2)
    key, value = (pool(mapped(f"{name}.0"), size).flatten(2) for name in ("phi", "g"))
    attention = torch.softmax(query.transpose(1, 2) @ key, dim=2)
    mixed = p["W.weight"] @ (value @ attention.transpose(1, 2)) + p["W.bias"][:, None]
    return mixed.reshape(x.shape) + x, attention


def se_gate_case(case):
    """The gate, channel by channel, on feature maps."""
    p, x = case.tensors("params"), case.tensor("x")
    if set(p) != {"fc.0.weight", "fc.2.weight"}:
        case.refuse(f"params names {sorted(p)}; fc.0.weight and fc.2.weight were expected.")
    squeeze, excite = p["fc.0.weight"], p["fc.2.weight"]
    case.same("output", squeeze_excite(x, squeeze, excite))
    if len(squeeze) != x.shape[1] // case.count("reduction"):
        case.refuse(f"reduction is {case.count('reduction')}, the gate's width {len(squeeze)}.")


def dynmm_gate_case(case):
    """Forward, and the gradient that is that of the softmax."""
    logits = case.tensor("logits").requires_grad_()
    gate = straight_through(logits, case.number("tau"), case.flag("hard"))
    case.same("weights", gate)
    (gate * case.tensor("upstream")).sum().backward()
    case.same("grad_logits", logits.grad)


CHECKERS = {
    "nl_block.json": {"cases": nl_block_case},
    "se_gate.json": {"cases": se_gate_case},
    "dynmm_gate.json": {"cases": dynmm_gate_case},
}
