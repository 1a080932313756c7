"""What trained networks do to whom: gap, accuracies, leakage, stereotyped answers; per seed."""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from coursekit.analysis.fresh_probes import answer_leakage, fresh_probes
from coursekit.lessons.l13_fairness.role_data import RoleData, with_pronouns_swapped
from coursekit.lessons.l13_fairness.role_training import Trained

LOGISTIC = (0,)  # sizes of fresh probes: the quick one only


def figures(data: RoleData, trained: Trained, probes: Sequence[int] = LOGISTIC) -> pd.DataFrame:
    """A row per seed, all on the balanced test but for the last two named here.

    accuracy; typical, counter: of pictures with the role's frequent or rare gender in training;
    men, women; gap = typical − counter.  stereotyped: share of answers whose frequent gender is
    that of the picture; .5 would be right.  probe …: gender read from frozen features by new
    readers.
    leakage: gender read from the answers, beyond equally accurate labels.  adversary: accuracy of
    the cure's own adversary on the training rows.  accuracy, biased test: if test pictures were
    drawn as training was.
    """
    logits, features = trained.read(data.test.inputs)
    answers = logits.argmax(2)
    right = (answers == data.test.roles).double()
    typical = data.test.typical
    usual, counter = _mean_where(right, typical), _mean_where(right, ~typical)
    share = data.setting.share
    table = {
        "seed": torch.tensor(data.seeds),
        "accuracy": right.mean(1),
        "typical": usual,
        "counter": counter,
        "gap": usual - counter,
        "men": _mean_where(right, data.test.genders == 0),
        "women": _mean_where(right, data.test.genders == 1),
        "stereotyped": (data.leaning.gather(1, answers) == data.test.genders).double().mean(1),
        "amplification": torch.tensor(amplification(data, answers)),
        "accuracy, biased test": share * usual + (1 - share) * counter,
        "adversary": trained.adversary_accuracy,
    }
    rows = pd.DataFrame({name: values.tolist() for name, values in table.items()})
    read = probed(data, trained.read(data.audit.inputs)[1], features, probes)
    rows["leakage"] = [
        answer_leakage(a, g, r, data.setting.roles, seed)["leakage"]
        for a, g, r, seed in zip(
            answers, data.test.genders, data.test.roles, data.seeds, strict=True
        )
    ]
    return pd.concat([rows, read], axis=1)


def probed(
    data: RoleData, before: Tensor, after: Tensor, sizes: Sequence[int] = LOGISTIC
) -> pd.DataFrame:
    """Gender as new readers find it; before, after: (K, N, F) of audit and of test rows."""
    read = [
        fresh_probes(before[k], data.audit.genders[k], after[k], data.test.genders[k], sizes, seed)
        for k, seed in enumerate(data.seeds)
    ]
    return pd.DataFrame(read).rename(columns=probe_name)


def probe_name(size: int) -> str:
    """The column of a fresh probe with a hidden layer of ``size``."""
    return "probe" if size == 0 else f"probe, {size} hidden"


def amplification(data: RoleData, answers: Tensor) -> list[float]:
    """By seed: the frequent gender's share among the answers for a role, minus that in training.

    answers: (K, N) on the test rows, weighed as if they had been drawn as training was; mean over
    roles. Source: Zhao and colleagues (2017), https://arxiv.org/abs/1707.09457, section 3.
    """
    share = data.setting.share
    amplified = []
    for k, answer in enumerate(answers):
        weight = 1 - share + (2 * share - 1) * data.test.typical[k].double()
        same = data.leaning[k][answer] == data.test.genders[k]
        by_role = torch.zeros(2, data.setting.roles, dtype=torch.float64)
        by_role[0].index_add_(0, answer, weight * same)
        by_role[1].index_add_(0, answer, weight)
        answered = by_role[1] > 0
        amplified.append(float((by_role[0] / by_role[1])[answered].mean()) - share)
    return amplified


def changed_by_swap(data: RoleData, trained: Trained) -> list[float]:
    """By seed: share of test answers that change when every he becomes a she and back."""
    before = trained.read(data.test.inputs)[0].argmax(2)
    after = trained.read(with_pronouns_swapped(data))[0].argmax(2)
    return (before != after).double().mean(1).tolist()


def _mean_where(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum(1) / mask.sum(1)
