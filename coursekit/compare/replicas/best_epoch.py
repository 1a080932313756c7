"""Each replica's weights after the epoch that validated best."""

from collections.abc import Collection, Sequence

from torch import Tensor

from coursekit.compare.replicas.step_trace import Rows
from coursekit.training.settings import Settings


class Best:
    """The best rows of ``flat`` (K, P) so far, for those replicas whose settings ask for them."""

    def __init__(self, flat: Tensor, settings: Sequence[Settings]) -> None:
        self.asked = [k for k, s in enumerate(settings) if s.keep_best]
        self.reached = dict.fromkeys(self.asked, -1.0)
        self.rows = flat.clone() if self.asked else flat[:0]

    def note(self, flat: Tensor, rows: Sequence[Rows]) -> None:
        """After an epoch: its weights, and each replica's rows of the history."""
        for k in self.asked:
            valid = [float(str(r["accuracy"])) for r in rows[k] if r["split"] == "valid"]
            if valid and valid[0] > self.reached[k]:
                self.reached[k] = valid[0]
                self.rows[k] = flat[k]

    def put_back(self, flat: Tensor, stopped: Collection[int]) -> None:
        """At the end: the best weights, but for replicas that have stopped."""
        for k in self.asked:
            if k not in stopped:
                flat[k] = self.rows[k]
