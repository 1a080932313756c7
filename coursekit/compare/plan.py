"""What a training from the command line is made of, and the data it names."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from coursekit import fusion
from coursekit.compare import all_methods
from coursekit.data import LOADERS, load, load_preset, preset, presets, research
from coursekit.data.lazy_split import LazyData
from coursekit.data.multimodal import MultimodalData
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.models.build import KINDS
from coursekit.training import Settings
from coursekit.training.method import Method
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_flag,
    require_instance,
    require_list,
)

AnyData = MultimodalData | LazyData
# Options that say where the data lie or how they are read, and not what they are; of samples that
# are left out the rows of the splits tell.
NOT_OF_DATA = ("root", "folder", "cache", "workers", "unpickle", "allow_missing")


@dataclass(frozen=True)
class Plan:
    """One training.

    data: a preset, a data set of the course, or research data that lie in ``root``.  options: of
    the data set's loader.  standardise: sound and pictures of research data by mean and deviation
    of 500 training rows.  method, own: a balancing method, or an objective that aligns, and its
    settings.  encoder: a name, or modality → name.  widths: of MLP encoders; the last one is the
    features'.  seed: of weights, batches and, where it draws, of the data.
    Errors: ValueError for unknown names, with the nearest right one.
    """

    data: str
    root: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    standardise: bool = True
    method: str = "joint"
    own: Mapping[str, Any] = field(default_factory=dict)
    fusion: str = "late-linear"
    encoder: str | Mapping[str, str] = "mlp"
    widths: tuple[int, ...] = (64, 32)
    settings: Settings = field(default_factory=Settings)
    seed: int = 0

    def __post_init__(self) -> None:
        require_instance("settings", self.settings, Settings)
        for name in ("options", "own"):
            require_instance(name, getattr(self, name), Mapping)
        require_flag("standardise", self.standardise)
        choose("data", self.data, data_names())
        choose("method", self.method, all_methods.names())
        choose("fusion", self.fusion, fusion.names())
        require_count("seed", self.seed)
        needed = self.data in research.SOURCES
        require(not needed or self.root is not None, f"root is None; {self.data} needs its folder.")
        useless = f"root is {self.root}; {self.data} does not lie in a folder of yours."
        own_folder = "root" in self._loader_options()
        require(needed or own_folder or self.root is None, useless)
        known = list(inspect.signature(all_methods.registry()[self.method]).parameters)
        for name in self.own:
            require(bool(known), f"{self.method} has no settings; {name!r} came.")
            choose(f"a setting of {self.method}", name, known)
        self.build_method()  # which refuses what its settings cannot be
        require_list("widths", self.widths, "whole numbers")
        for width in self.widths:
            require_count("a width in widths", width, 1)
        for encoder in named_encoders(self.encoder):
            choose("encoder", encoder, KINDS)

    def open_data(self) -> AnyData:
        """The data.  Errors: those of its loader."""
        if self.data in research.SOURCES:
            assert self.root is not None  # refused above without
            data = research.open_data(self.data, self.root, **self.options)
            if isinstance(data, LazyData) and self.standardise:
                return research.standardised(data)
            return data
        if self.data in presets():
            return load_preset(self.data, self.seed, **self.options)
        known = self._loader_options()
        drawn = {"seed": self.seed} if "seed" in known else {}
        folder = {"root": self.root} if self.root is not None else {}
        return load(self.data, **{**drawn, **folder, **self.options})

    def _loader_options(self) -> Mapping[str, inspect.Parameter]:
        """What the loader of a data set of the course, or of one's own installation, takes."""
        loader = LOADERS.get(self.data)
        return {} if loader is None else inspect.signature(loader).parameters

    def origin(self) -> dict[str, str]:
        """What the data are made of, as text: name, every option, whether they are standardised.

        An option counts as what it is where nobody gives it, and 1 as 1.0. Where the data lie is
        no part of it, and the seed is the plan's.
        """
        made: dict[str, Any] = {}
        if self.data in presets():
            recipe = replace(preset(self.data).recipe, **self.options)
            made = {f.name: getattr(recipe, f.name) for f in fields(recipe)}
        elif self.data in LOADERS:
            known = inspect.signature(LOADERS[self.data]).parameters
            made = {name: p.default for name, p in known.items() if name != "seed"}
        else:
            made = {**research.defaults(self.data), "standardise": self.standardise}
        made |= {} if self.data in presets() else self.options
        kept = {k: _as_text(v) for k, v in made.items() if k not in NOT_OF_DATA}
        return {"data": self.data, **kept}

    def build_model(self, data: AnyData) -> MultimodalClassifier:
        """An untrained model for the data."""
        inputs = data.example() if isinstance(data, LazyData) else data.train.inputs
        return build_classifier(
            inputs, data.num_classes,
            fusion=self.fusion, encoder=self.encoder, widths=self.widths, seed=self.seed,
        )  # fmt: skip

    def build_method(self) -> Method:
        """The method, with its settings."""
        return all_methods.build(self.method, **self.own)

    def differences(self, text: str) -> list[str]:
        """What tells this plan from one as `text`, in words: what it was, what came.

        Where the data lie, and how they are read, tells nothing.
        """
        there, here = (_flat(json.loads(t)) for t in (text, self.text()))
        return [
            f"{k} {_as_text(there.get(k))} and not {_as_text(here.get(k))}"
            for k in here | there
            if here.get(k) != there.get(k) and k not in NOT_OF_DATA
        ]

    def text(self) -> str:
        """As JSON: what was done, and what `read_plan` reads."""
        return json.dumps(asdict(self), indent=1, default=str) + "\n"


def _flat(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's fields, options and settings, by their names; "own" of the method stays together."""
    inner = ("options", "settings")
    return {k: v for k, v in plan.items() if k not in inner} | plan["options"] | plan["settings"]


def _as_text(value: Any) -> str:
    """The same for values that a loader takes for the same: 1 and 1.0, a list and a tuple."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_as_text, value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{k}: {_as_text(v)}' for k, v in value.items())}}}"
    return str(value)


def named_encoders(encoder: str | Mapping[str, str]) -> list[str]:
    """The names in what `Plan` has for encoder."""
    return list(encoder.values()) if isinstance(encoder, Mapping) else [encoder]


def read_plan(path: Path) -> Plan:
    """A plan from its JSON file, or from the folder of a training, which has one.

    Errors: ValueError when it is none, TypeError for no path.
    """
    require_instance("path", path, Path)
    path = path / "plan.json" if path.is_dir() else path
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        root = None if fields["root"] is None else Path(fields["root"])
        settings = Settings(**fields["settings"])
        read = {"root": root, "widths": tuple(fields["widths"]), "settings": settings}
        return Plan(**{**fields, **read})
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise ValueError(
            f"{path} holds no plan of a training ({reason}); train writes one."
        ) from None


def data_names() -> list[str]:
    """Everything a training can be of."""
    return [*presets(), *LOADERS, *research.SOURCES]
