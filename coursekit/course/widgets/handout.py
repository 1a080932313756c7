"""What a teacher hands out: a state, knobs that stay where they are, knobs that nobody sees."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from coursekit.course.widgets.controls import Control, State
from coursekit.utils.checks import choose, require

OPEN, LOCKED, HIDDEN = range(3)


@dataclass(frozen=True)
class Handout:
    """A state of an explorer's knobs and what a learner may do with them.

    locked: knobs that are shown and cannot be turned.  hidden: knobs that are not even shown.
    """

    state: State
    locked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    @property
    def closed(self) -> frozenset[str]:
        """All that cannot be turned."""
        return self.locked | self.hidden

    def access(self, name: str) -> int:
        """OPEN, LOCKED or HIDDEN."""
        return HIDDEN if name in self.hidden else LOCKED if name in self.locked else OPEN

    def at(self, state: State) -> "Handout":
        """The same access in another state."""
        return Handout(state, self.locked, self.hidden)

    def refuse(self, changes: Iterable[str]) -> None:
        """Errors: ValueError when ``changes`` names a knob that cannot be turned."""
        for name in changes:
            require(
                name not in self.closed,
                f"{name} cannot be turned: this explorer was handed out with knobs locked.",
            )

    def allows(self, presets: Mapping[str, State]) -> list[str]:
        """Names of the presets that leave every locked and hidden knob alone."""
        return [name for name, values in presets.items() if not self.closed & set(values)]

    @property
    def sentence(self) -> str:
        """What the card says of it; "" when every knob is open."""
        if not self.closed:
            return ""
        knobs = "1 knob" if len(self.hidden) == 1 else f"{len(self.hidden)} knobs"
        parts = ["the greyed knobs are locked"] if self.locked else []
        parts += [f"{knobs} of this explorer cannot be seen"] if self.hidden else []
        return f"Handed out: {' and '.join(parts)}."


def with_closed(
    now: Handout,
    controls: Mapping[str, Control],
    locked: Collection[str],
    hidden: Collection[str],
    written: Collection[str],
) -> Handout:
    """``now`` with more knobs locked and hidden; what is closed already stays so.

    written: knobs whose values the picture itself writes out.
    Errors: TypeError for a single string; ValueError for an unknown knob, or one to be hidden whose
    value stands in the picture.
    """
    for label, names in (("locked", locked), ("hidden", hidden)):
        if isinstance(names, str):
            wanted = f"a list of knobs such as [{names!r}] is needed."
            raise TypeError(f"{label} is {names!r}; {wanted}")
        for name in names:
            choose(label, name, controls)
    shown = sorted(set(hidden) & set(written))
    sentence = f"hidden names {shown}, which the picture itself writes out; lock it instead."
    require(not shown, sentence)
    hidden = now.hidden | set(hidden)
    locked = (now.locked | set(locked)) - hidden
    require(bool(locked or hidden), "locked and hidden are empty; name a knob in one of them.")
    return Handout(now.state, locked, hidden)
