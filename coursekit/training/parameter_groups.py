"""Groups of parameters for an optimiser: learning rate and decay by part of the model.

Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019),
https://arxiv.org/abs/1711.05101, algorithm 2: a step takes lr · decay · w away from each weight w
of its group. That keeps products small. A bias, the scale of a norm, a log variance or the vector
that marks a modality is no product, and decay would only move it away from where the data want it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import nn

from coursekit.layers.initialise import NORMS
from coursekit.training.part_names import belongs
from coursekit.utils.checks import (
    choose,
    require,
    require_instance,
    require_list,
    require_mapping,
    require_not_negative,
    require_positive,
)

SETTINGS = {"lr": require_positive, "weight_decay": require_not_negative}


def parameter_groups(
    model: nn.Module,
    parts: Mapping[str, Mapping[str, float]],
    undecayed: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """What an optimiser takes in place of ``model.parameters()``: two groups per part or fewer.

    parts: by the name of a module or a parameter, "encoders.A", its "lr", its "weight_decay", or
    both; "" is the whole model. Together they must hold every parameter once.
    undecayed: names of further parameters, or of modules, without decay, modality vectors of two
    axes say. Norms, and parameters of one axis or none (biases, vectors, log variances), never have
    any.
    Errors: ValueError for a parameter in no part or in two, a part or a name that is not there.
    """
    require_instance("model", model, nn.Module)
    _require_parts(parts)
    if undecayed != ():
        require_list("undecayed", undecayed, "names")
    aliases = _names(model)
    _require_there("parts", parts, aliases.values())
    _require_there("undecayed", undecayed, aliases.values())
    owners = {p: [part for part in parts if _any_in(names, part)] for p, names in aliases.items()}
    _require_one_owner(aliases, owners)
    plain = _never_decayed(model)
    plain |= {p for p, names in aliases.items() if any(_any_in(names, u) for u in undecayed)}
    groups = []
    for part, settings in parts.items():
        own = [p for p, (owner, *_) in owners.items() if owner == part]
        decayed = [p for p in own if p not in plain]
        rest = [p for p in own if p in plain]
        groups += [{"params": decayed, **settings}] if decayed else []
        groups += [{"params": rest, **settings, "weight_decay": 0.0}] if rest else []
    return groups


def require_each_once(model: nn.Module, groups: Iterable[Mapping[str, Any]]) -> None:
    """Refuse groups that do not hold every parameter of ``model`` exactly once.

    groups: as `parameter_groups` gives, made by hand, or ``optimizer.param_groups``. A parameter
    that is in none of them, since it was added to the model afterwards say, would never be trained.
    """
    require_instance("model", model, nn.Module)
    if isinstance(groups, str | Mapping) or not isinstance(groups, Iterable):
        raise TypeError(f"groups is a {type(groups).__name__}; a list of groups was expected.")
    held: dict[nn.Parameter, int] = {}
    for group in groups:
        require_instance("a group in groups", group, Mapping)
        require("params" in group, f"groups has one of {list(group)}; 'params' was expected.")
        for p in group["params"]:
            held[p] = held.get(p, 0) + 1
    times = {names[0]: held.get(p, 0) for p, names in _names(model).items()}
    never = [name for name, number in times.items() if number == 0]
    often = [name for name, number in times.items() if number > 1]
    require(not never, f"groups leave out {never}; each parameter was expected once.")
    require(not often, f"groups hold {often} more than once; each was expected once.")


def _names(model: nn.Module) -> dict[nn.Parameter, list[str]]:
    """Every parameter with all the names under which it stands."""
    names: dict[nn.Parameter, list[str]] = {}
    for name, p in model.named_parameters(remove_duplicate=False):
        names.setdefault(p, []).append(name)
    return names


def _any_in(names: list[str], part: str) -> bool:
    """Whether one of the names is a part, or in it."""
    return any(belongs(name, part) for name in names)


def _never_decayed(model: nn.Module) -> set[nn.Parameter]:
    norms = {p for m in model.modules() if isinstance(m, NORMS) for p in m.parameters()}
    return norms | {p for p in model.parameters() if p.ndim < 2}


def _require_there(argument: str, parts: Iterable[str], every: Iterable[list[str]]) -> None:
    """Refuse a part that no parameter is in."""
    for part in parts:
        require_instance(f"a name in {argument}", part, str)
        known = any(_any_in(names, part) for names in every)
        require(known, f"{argument} has {part!r}, in which the model has no parameter.")


def _require_one_owner(
    aliases: Mapping[nn.Parameter, list[str]], owners: Mapping[nn.Parameter, list[str]]
) -> None:
    nowhere = [aliases[p][0] for p, parts in owners.items() if not parts]
    require(not nowhere, f"parts leave out {nowhere}; each parameter was expected in one part.")
    for p, parts in owners.items():
        names = " alias ".join(aliases[p])
        require(len(parts) == 1, f"parts have {names} twice, in {parts}; one was expected.")


def _require_parts(parts: Mapping[str, Mapping[str, float]]) -> None:
    require_mapping("parts", parts, "settings")
    for part, settings in parts.items():
        require_mapping(f"parts[{part!r}]", settings, "numbers")
        for name, value in settings.items():
            choose(f"a setting in parts[{part!r}]", name, SETTINGS)
            SETTINGS[name](f"parts[{part!r}][{name!r}]", value)
