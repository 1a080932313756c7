"""Symptoms: what can be measured of a mystery, each by what its lesson taught."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.analysis.emap import emap
from coursekit.analysis.probes import quick_probe
from coursekit.data.multimodal import Split
from coursekit.lessons.l18_capstone.answering import mean_answer
from coursekit.lessons.l18_capstone.case import Case, Trained, without_rows
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES
from coursekit.training import accuracy, predict

MISLED = 0.08  # share of wrong labels from which on nothing is balanced
SKEWED = 0.15  # of types, from which on balanced rows are tried


@dataclass(frozen=True)
class Examined:
    """Six trainings of a case, eight where types are biased, and what they show.

    single: by modality.  joint: of both.  product: multiplicative, begun from the single ones.
    symptoms: name → figure: "lacks A", "lacks B" (shares of validation rows), "type skew", "wrong
    labels" (a share), "alone A", "alone B", "joint", "product" (accuracies on complete validation
    rows), "probe A", "probe B" (joint minus alone), "interaction" (the product's accuracy minus its
    additive part's).
    """

    single: Mapping[str, Trained]
    joint: Trained
    product: Trained
    symptoms: Mapping[str, float]


def examine(case: Case) -> Examined:
    """Look at the rows, train, measure; the two halves are not kept."""
    train, whole = case.train_rows, complete_rows(case.valid_rows)
    skew = type_skew(train, case.valid_rows, case.classes)
    wrong = cross_fitted_wrong_share(case, whole)
    tried = single_models(case, skew > SKEWED and wrong < MISLED)
    rows, single = better_of(tried, whole)
    joint = case.train(rows=rows)
    product = product_of_encoders(case, single, rows)
    symptoms = {f"lacks {m}": missing_share(case.valid_rows, m) for m in MODALITIES}
    symptoms |= {"type skew": skew, "wrong labels": wrong}
    symptoms |= {f"alone {m}": max(right(own[m], whole) for _, own in tried) for m in MODALITIES}
    symptoms |= {"joint": right(joint, whole), "product": right(product, whole)}
    symptoms |= {f"probe {m}": probe_change(joint, single[m], m, train, whole) for m in MODALITIES}
    symptoms["interaction"] = interaction_gap(product, whole)
    return Examined(single, joint, product, symptoms)


Singles = tuple[Tensor | None, Mapping[str, Trained]]


def single_models(case: Case, balanced: bool) -> list[Singles]:
    """Each modality alone, on all rows; where asked for, on balanced ones, too. With the rows.

    Balancing draws a few rows often. It can cure a bias; it harms who needs many different rows,
    and among wrong labels, since what is rare there is rare because it is wrong.
    """
    rows = [None, balanced_rows(case.train_rows)] if balanced else [None]
    return [(own, {m: case.train([m], rows=own) for m in MODALITIES}) for own in rows]


def better_of(tried: Sequence[Singles], valid: Split) -> Singles:
    """Those whose ensemble is right more often on validation rows, the first of equals."""
    return max(tried, key=lambda t: together(list(t[1].values()), valid))


def together(pool: Sequence[Trained], split: Split) -> float:
    """Accuracy of the mean of several trainings' probabilities."""
    return accuracy(mean_answer([trained.model for trained in pool], split), split.labels)


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
