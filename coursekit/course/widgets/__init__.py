"""Widgets of the course: explorers to turn knobs in, and guesses to commit before a result.

An explorer has three parts, and each can be tested without the others.

1. ``compute(**state)``: the numbers. Ends at once, or is a generator function that yields wherever
   it may be abandoned (after every epoch of a training, say) and returns its data at the end. What
   it yields may be data so far, for the view to show meanwhile. Everything random comes from a
   knob named seed.
2. A view: ``figure`` and artists made once in ``__init__``; ``update(data)`` sets all that the data
   decide, with fixed axes, so that one state has one picture; ``describe(data)`` is the sentence
   for those who do not see it; ``table(data)`` its numbers. It stands
   in ``explorer_view.py`` of the lesson's room.
3. The knobs, presets and a question::

    class DiceView:
        def __init__(self):
            self.figure, (ax,) = new_figure(6, 4, layout=None)
            self.bars = ax.bar(range(1, 7), [0] * 6)
            ax.set_ylim(0, 1)
        def update(self, shares):
            for bar, share in zip(self.bars, shares):
                bar.set_height(share)
        def describe(self, shares):
            return "Shares of the six faces: " + ", ".join(f"{s:.2f}" for s in shares) + "."
        def table(self, shares):
            return pd.DataFrame({"face": range(1, 7), "share": shares})

    def throw(n, seed):
        faces = np.random.default_rng(seed).integers(0, 6, n)
        return np.bincount(faces, minlength=6) / n

    @put_off()
    def dice():
        knobs = {"n": Slider("throws", 1, 500, 1, 60), "seed": Slider("seed", 0, 99, 1, 0)}
        return Explorer("dice", "Throw dice", knobs, throw, DiceView, question="When is it even?")

`put_off` of `coursekit.course.widgets.deferred_picture` lets a code be opened without computing the
first state before its own. Name the function in the lesson's declaration
(`coursekit.course.lesson.ExplorerEntry`); the lesson's cell then ends with ``EXPLORERS["dice"]()``,
and the browser test compares what is on the screen with what
``EXPLORERS["dice"]().render(**state)`` draws without a kernel.
"""

from coursekit.course.widgets.controls import Choice, Slider
from coursekit.course.widgets.explorer import Explorer
from coursekit.course.widgets.gallery import EXPLORERS, explorer_from_code
from coursekit.course.widgets.guess import ChoiceGuess, NumberGuess

__all__ = [
    "EXPLORERS",
    "Choice",
    "ChoiceGuess",
    "Explorer",
    "NumberGuess",
    "Slider",
    "explorer_from_code",
]
