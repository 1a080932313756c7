"""Symptoms: what can be measured of a mystery, each by what its lesson taught."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.analysis.emap import emap
from coursekit.analysis.probes import quick_probe
from coursekit.data.multimodal import Split
from coursekit.lessons.l18_capstone.case import Case, Trained, without_rows
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES
from coursekit.training import accuracy, predict

MISLED = 0.08  # share of wrong labels from which on they are not
SKEWED = 0.15  # from here on rows are balanced


@dataclass(frozen=True)
class Examined:
    """Six trainings of a case, and what they show; the two halves are not kept.

    single: by modality.  joint: of both.  product: multiplicative, begun from the single ones.
    symptoms: name → figure: "lacks A", "lacks B" (shares of validation rows), "type skew", "alone
    A", "alone B", "joint" (accuracies on complete validation rows), "probe A", "probe B" (joint
    minus alone), "interaction" (the product's accuracy minus its additive part's), "wrong labels"
    (a share).
    """

    single: Mapping[str, Trained]
    joint: Trained
    product: Trained
    rows: Tensor | None
    symptoms: Mapping[str, float]


def examine(case: Case) -> Examined:
    """Look at the rows, train six times, measure."""
    train, valid = case.train_rows, case.valid_rows
    whole = complete_rows(valid)
    skew = type_skew(train, valid, case.classes)
    wrong = cross_fitted_wrong_share(case, whole)
    rows = rows_to_train_on(train, skew > SKEWED, wrong)
    single = {m: case.train([m], rows=rows) for m in MODALITIES}
    joint = case.train(rows=rows)
    product = product_of_encoders(case, single, rows)
    symptoms = {f"lacks {m}": missing_share(valid, m) for m in MODALITIES}
    symptoms |= {"type skew": skew, "wrong labels": wrong}
    symptoms |= {f"alone {m}": right(single[m], whole) for m in MODALITIES}
    symptoms |= {"joint": right(joint, whole), "product": right(product, whole)}
    symptoms |= {f"probe {m}": probe_change(joint, single[m], m, train, whole) for m in MODALITIES}
    symptoms["interaction"] = interaction_gap(product, whole)
    return Examined(single, joint, product, rows, symptoms)


def product_of_encoders(
    case: Case, single: Mapping[str, Trained], rows: Tensor | None = None
) -> Trained:
    """A joint model that multiplies, begun from encoders that were trained alone."""
    return case.train(fusion="multiplicative", start=list(single.values()), rows=rows)


def missing_share(valid: Split, modality: str) -> float:
    """Share of rows that lack a modality."""
    return float(without_rows(valid, modality).double().mean())


def type_skew(train: Split, valid: Split, classes: int) -> float:
    """Mean over classes: how far the share of type 0 moves from train to valid."""

    def share(split: Split) -> Tensor:
        of_class = [split.group[split.labels == c] == 0 for c in range(classes)]
        return torch.stack([rows.double().mean() for rows in of_class])

    return float((share(train) - share(valid)).abs().nan_to_num().mean())


def balanced_rows(train: Split, seed: int = 0) -> Tensor:
    """Row numbers, drawn so that every class is seen as often with every type."""
    cell = train.labels * (int(train.group.max()) + 1) + train.group
    weight = 1 / torch.bincount(cell).double()[cell]
    drawn = torch.Generator().manual_seed(seed)
    return torch.multinomial(weight, len(train), replacement=True, generator=drawn)


def rows_to_train_on(train: Split, biased: bool, wrong: float) -> Tensor | None:
    """Balanced rows where types are biased and labels are right, else all.

    Among wrong labels balancing does harm: what is rare, and then drawn often, is rare because it
    is wrong.
    """
    return balanced_rows(train) if biased and wrong < MISLED else None


def complete_rows(split: Split) -> Split:
    """The rows that lack nothing."""
    lacks = torch.stack([without_rows(split, m) for m in split.modalities]).any(0)
    return split.part(~lacks)


def right(trained: Trained, split: Split) -> float:
    """Accuracy on the rows of a split."""
    return accuracy(trained.probabilities(split), split.labels)


def probe_change(joint: Trained, alone: Trained, m: str, train: Split, valid: Split) -> float:
    """Quick probe of the joint model's encoder of m minus that of the model of m alone."""

    def probed(trained: Trained) -> float:
        before, after = (
            predict(trained.model, s.inputs).features[m].detach() for s in (train, valid)
        )
        return quick_probe(before, train.labels, after, valid.labels)

    return probed(joint) - probed(alone)


def interaction_gap(trained: Trained, split: Split, rows: int = 256) -> float:
    """Accuracy minus that of the model's additive part (EMAP), on the first complete rows."""
    part = split.part(torch.arange(min(rows, len(split))))
    additive = emap(trained.model, part.inputs)
    return right(trained, part) - accuracy(additive, part.labels)


def wrong_share(clean: float, noisy: float, classes: int) -> float:
    """Share of wrong labels, from accuracy on right labels and on these, of rows not trained on.

    A model that is right with probability a agrees with a label that is wrong with probability x,
    to any other class alike, in (1 − x) a + x (1 − a) / (C − 1) of the rows; solved for x.
    """
    by_chance = (1 - clean) / (classes - 1)
    return min(1.0, max(0.0, (clean - noisy) / max(clean - by_chance, 1e-6)))


def cross_fitted_wrong_share(case: Case, valid: Split) -> float:
    """`wrong_share`, from two trainings, each on one half of the rows and asked about the other.

    Valid's rows count as often as train has their class and type, so that a bias that train has
    and valid has not stays out, but for what wrong labels blur.
    """
    train = case.train_rows
    halves = torch.randperm(len(train), generator=torch.Generator().manual_seed(0)).tensor_split(2)
    clean, noisy = 0.0, 0.0
    for own, other in (halves, halves[::-1]):
        trained, asked = case.train(rows=own), train.part(other)
        noisy += right(trained, asked) / len(halves)
        agrees = (trained.probabilities(valid).argmax(1) == valid.labels).double()
        weight = torch.bincount(cells(asked), minlength=8)[cells(valid)].double()
        weight /= torch.bincount(cells(valid), minlength=8)[cells(valid)]
        clean += float((agrees * weight).sum() / weight.sum()) / len(halves)
    return wrong_share(clean, noisy, case.classes)


def cells(split: Split) -> Tensor:
    """(n,) one number for each class and type."""
    return split.labels * 2 + split.group
