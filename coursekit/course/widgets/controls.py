"""The knobs of an explorer, apart from any widget: which values there are, and their numbering."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from coursekit.utils.checks import choose, require, require_finite, require_positive

State = Mapping[str, float | str]


@dataclass(frozen=True)
class Slider:
    """A number from ``low`` to ``high``; the handle and the arrow keys move it by ``step``.

    ``fine`` is the grid of values that the number field, presets and codes may name, where it is
    finer than ``step`` (published coefficients with two decimals, say). Whole-number ends and
    steps give whole numbers.
    Errors: ValueError when the ends, the steps and the first value do not fit each other.
    """

    label: str
    low: float
    high: float
    step: float
    value: float
    unit: str = ""
    fine: float | None = None

    def __post_init__(self) -> None:
        require(bool(self.label.strip()), "label is empty; a visible name is needed.")
        require_finite("low", self.low)
        require_finite("high", self.high)
        require_positive("step", self.step)
        require(self.low < self.high, f"low is {self.low}, high {self.high}; low must be smaller.")
        require(0 < self.grid <= self.step, f"fine is {self.fine}; it must not exceed step.")
        wholes = (("high - low", self.high - self.low, self.step), ("step", self.step, self.grid))
        for name, whole, part in wholes:
            require(
                math.isclose(whole / part, round(whole / part), abs_tol=1e-6),
                f"{name} is {whole:g}; a multiple of {part:g} was expected.",
            )
        self.index(self.value)

    @property
    def grid(self) -> float:
        """Distance of neighbouring values."""
        return self.step if self.fine is None else self.fine

    @property
    def name(self) -> str:
        """The label with its unit, as shown and as read out."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return all(float(x).is_integer() for x in (self.low, self.grid, self.high))

    @property
    def count(self) -> int:
        """How many values there are."""
        return round((self.high - self.low) / self.grid) + 1

    def at(self, index: int) -> float:
        """The value with number ``index``, counted from ``low``."""
        x = self.low + index * self.grid
        return round(x) if self.whole else round(x, 10)

    def nearest(self, x: float) -> float:
        """The value closest to ``x``; what lies outside comes back as the nearer end."""
        require(math.isfinite(x), f"{self.label} is {x}; a number was expected.")
        return self.at(min(max(round((x - self.low) / self.grid), 0), self.count - 1))

    def nearest_step(self, x: float) -> float:
        """Where the handle stands when the value is ``x``: on the step closest to it."""
        return self.nearest(self.low + round((x - self.low) / self.step) * self.step)

    @property
    def decimals(self) -> int:
        """Decimals that tell two steps apart, when a value is read out."""
        return max(0, -int(Decimal(str(self.step)).normalize().as_tuple().exponent))

    def index(self, x: float | str) -> int:
        """Number of the value ``x``. Errors: ValueError when ``x`` is none of the values."""
        expected = f"a number from {self.low:g} to {self.high:g} in steps of {self.grid:g}"
        fits = isinstance(x, int | float) and math.isfinite(x)
        require(fits, f"{self.label} is {x!r}; {expected} was expected.")
        value = self.nearest(float(x))
        near = math.isclose(value, float(x), abs_tol=1e-6 * self.grid)
        require(near, f"{self.label} is {x}; {expected} was expected (nearest: {value:g}).")
        return round((value - self.low) / self.grid)

    def kept(self, x: float | str) -> float | str:
        """The value ``x`` on the grid. Errors: ValueError when ``x`` is none of the values."""
        return self.at(self.index(x))


@dataclass(frozen=True)
class Choice:
    """One of a few named options.

    noun: what an option is, "method" say, where the label does not tell.
    Errors: ValueError when ``value`` is not among the options.
    """

    label: str
    options: tuple[str, ...]
    value: str
    noun: str = ""

    def __post_init__(self) -> None:
        require(bool(self.label.strip()), "label is empty; a visible name is needed.")
        require(len(set(self.options)) == len(self.options), "options has a name twice.")
        self.index(self.value)

    @property
    def name(self) -> str:
        """The label, as shown and as read out."""
        return self.label

    @property
    def kind(self) -> str:
        """What an option is, in a sentence."""
        return self.noun or self.label

    @property
    def count(self) -> int:
        """How many options there are."""
        return len(self.options)

    def at(self, index: int) -> str:
        """The option with number ``index``."""
        return self.options[index]

    def index(self, x: float | str) -> int:
        """Number of the option ``x``. Errors: ValueError when there is no such option."""
        return self.options.index(choose(self.label, str(x), self.options))

    def kept(self, x: float | str) -> float | str:
        """The option ``x``. Errors: ValueError when there is no such option."""
        return self.at(self.index(x))


@dataclass(frozen=True)
class Text(Choice):
    """A line of text that is typed; the options are suggestions.

    most: how many characters it may have.  Blanks and line breaks in a row become one blank; signs
    that stand for no letter, such as those that turn what follows round, are left out.
    Errors: ValueError when a suggestion would not be kept as it is.
    """

    most: int = 4000

    def __post_init__(self) -> None:
        super().__post_init__()
        changed = [option for option in self.options if self.kept(option) != option]
        require(not changed, f"options has {changed}; single blanks and no breaks were expected.")

    def kept(self, x: float | str) -> str:
        """The line as it is kept. Errors: ValueError for what is no text, or too long."""
        require(isinstance(x, str), f"{self.label} is {x!r}; a text was expected.")
        line = " ".join("".join(c for c in str(x) if c.isspace() or not _no_letter(c)).split())
        sentence = f"{self.label} has {len(line)} characters; at most {self.most} were expected."
        require(len(line) <= self.most, sentence)
        return line


def _no_letter(sign: str) -> bool:
    """Whether a sign is a control character, half a character, or turns the direction."""
    turns = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return unicodedata.category(sign) in ("Cc", "Cs") or unicodedata.bidirectional(sign) in turns


Control = Slider | Choice


def start_state(controls: Mapping[str, Control]) -> dict[str, float | str]:
    """Where every control stands at first."""
    return {name: control.kept(control.value) for name, control in controls.items()}


def changed(
    controls: Mapping[str, Control], state: State, changes: State
) -> dict[str, float | str]:
    """``state`` with ``changes``, every value put on its control's grid.

    Errors: ValueError for a name that is no control, or a value that its control cannot take.
    """
    new_state = dict(state)
    for name, value in changes.items():
        control = controls[choose("control", name, controls)]
        new_state[name] = control.kept(value)
    return new_state
