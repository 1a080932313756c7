"""What MLB sees and does in a run, batch by batch: scores, ratios, coefficients."""

from collections.abc import Mapping

import pandas as pd
import torch

from coursekit.balancing.mlb import MLB, coefficients, pace
from coursekit.balancing.unimodal_scores import rivals, true_class_scores
from coursekit.data.multimodal import MultimodalData
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.method import Step
from coursekit.utils.checks import require, require_columns, require_count, require_instance


class Scored(MLB):
    """MLB that keeps the scores s_m of every batch.  With alpha 0 every k is 1: multi-loss."""

    def __init__(self, alpha: float = 2.0, beta_max: float = 8.0) -> None:
        super().__init__(alpha, beta_max)
        self.kept: list[list[float]] = []
        self.at: list[tuple[int, int, int]] = []

    def scales(self, step: Step) -> Mapping[str, float]:
        """As MLB's."""
        scores = true_class_scores(list(step.prediction.unimodal.values()), step.labels)
        self.kept.append(scores.tolist())
        self.at.append((step.run.epoch, step.batch, len(step.labels)))
        return super().scales(step)


def run_scores(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    alpha: float = 2.0,
    beta_max: float = 8.0,
    fusion: str = "late-linear",
    seed: int = 0,
) -> pd.DataFrame:
    """Train with MLB and return its scores: epoch, batch, rows, and a column s_m per modality.

    s_m is the sum of true-class probabilities over the batch's ``rows`` samples.  alpha: 0 for a
    multi-loss run, in which nothing is scaled.
    """
    require_instance("data", data, MultimodalData)
    require_instance("settings", settings, Settings | None)
    require_count("seed", seed)
    method = Scored(alpha, beta_max)
    model = build_classifier(data.train.inputs, data.num_classes, fusion=fusion, seed=seed)
    fit(model, data.train, data.valid, settings, seed=seed, method=method)
    head = pd.DataFrame(method.at, columns=["epoch", "batch", "rows"])
    return head.join(pd.DataFrame(method.kept, columns=list(data.modalities)))


def paces(scores: pd.DataFrame, alpha: float, beta_max: float) -> pd.DataFrame:
    """Scores of a run as a tidy table: epoch, batch, modality, s (mean of the batch), r, k.

    scores: of `run_scores`.  k is what alpha and beta_max make of these scores, whichever the run
    itself was trained with.
    """
    require_columns("scores", scores, ("epoch", "batch", "rows"))
    modalities = [c for c in scores.columns if c not in ("epoch", "batch", "rows")]
    require(len(modalities) > 1, f"scores has the modalities {modalities}; two were expected.")
    sums = torch.tensor(scores[modalities].to_numpy(), dtype=torch.float64)  # (batches, M)
    low = float(sums.min())
    require(low > 0, f"scores holds {low}; positive numbers were expected.")
    coefficients(sums[0], alpha, beta_max)  # refuses what is no alpha or beta_max
    ratio = rivals(sums) / sums
    k = pace(sums, sums.new_tensor(alpha), sums.new_tensor(beta_max))
    mean = sums / torch.tensor(scores["rows"].to_numpy())[:, None]
    at = scores.loc[scores.index.repeat(len(modalities)), ["epoch", "batch"]]
    tidy = at.assign(modality=modalities * len(scores)).reset_index(drop=True)
    columns = {"s": mean, "r": ratio, "k": k}
    return tidy.assign(**{name: x.flatten().numpy() for name, x in columns.items()})
