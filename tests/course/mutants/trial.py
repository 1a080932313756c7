"""Every slip in every right answer of an exercise, and what the exercise says to it."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coursekit.course.exercises import Correct, Exercise
from coursekit.course.exercises.outcome import Outcome
from coursekit.course.exercises.same_value import agree, as_array, fresh, is_missing, same_form
from mutants import equivalents
from mutants.answers import all_exercises, compiled, is_open, load_answers, remembering, sources
from mutants.slips import slips
from mutants.values import argument_changes, can_occur, result_changes

SEEDS = tuple(range(101, 131))
PRESENT = 999  # the seed of the case whose arguments a lazy answer has built in


def tried_exercises() -> list[str]:
    """Keys of the exercises that have a right value.

    Those that ask for a class have none, and each check of one trains models: what is wrong there
    is written by hand, in answers.py and among the misconceptions.
    """
    return [key for key, (_, e) in all_exercises().items() if not is_open(e)]


@dataclass
class Mutant:
    """A right answer with one slip: where the slip is, and the function."""

    key: str
    name: str
    function: Callable[..., Any]


@dataclass
class Finding:
    """What came of all slips of an exercise.

    equivalent: how many are listed as changing nothing.  faults: sentences.
    """

    key: str
    mutants: int = 0
    equivalent: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """How many are refused, if there is no fault."""
        return self.mutants - self.equivalent


@dataclass
class Trial:
    """An exercise with its cases of some seeds, and what is right there."""

    key: str
    seeds: tuple[int, ...]
    exercise: Exercise = field(init=False)
    given: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        lesson, exercise = all_exercises()[self.key]
        self.exercise = remembering(exercise)
        self.lesson = lesson
        self.given = getattr(load_answers(lesson), "GIVEN", {}).get(self.key, ())
        if self.exercise.cases is None:
            self.seeds = self.seeds[:1]
        self.cases = {seed: self.cases_of(seed) for seed in self.seeds}
        self.expected = {
            seed: [self.exercise.reference(*fresh(case)) for case in cases]
            for seed, cases in self.cases.items()
        }

    def cases_of(self, seed: int) -> list[tuple[Any, ...]]:
        """The arguments the exercise tries with this seed."""
        if self.exercise.cases is None:
            return [self.given]
        return self.exercise.cases(np.random.default_rng(seed))

    def mutants(self) -> Iterator[Mutant]:
        """All slips, one after the other."""
        for source in sources(self.lesson, self.key):
            for text, _ in slips(source.tree):
                try:
                    function = compiled(source)
                except Exception:  # a slip that does not even compile; nobody hands that in
                    continue
                yield Mutant(self.key, f"{source.name}: {_tidy(text)}", function)
            if source.name == "reference":  # the others do the same
                yield from self._around(compiled(source))

    def _around(self, right: Callable[..., Any]) -> Iterator[Mutant]:
        """Slips in how the answer is called, or in what is done with its value."""
        name = "reference"
        arguments = self.cases_of(PRESENT)[0]
        for i, value in enumerate(arguments):
            if isinstance(value, int | float | str | bool):
                yield self._mutant(name, f"argument {i + 1} hard-coded", _fixed(right, i, value))
            elif self.exercise.cases is not None:
                yield self._mutant(name, f"argument {i + 1} written into", _writing(right, i))
        for i in range(len(arguments) - 1):
            if type(arguments[i]) is type(arguments[i + 1]):
                text = f"arguments {i + 1} and {i + 2} exchanged"
                yield self._mutant(name, text, _exchanged(right, i))
        for i, value in enumerate(arguments if self.exercise.cases is not None else ()):
            for text, change in argument_changes(value).items():
                if can_occur(self.key, str(i + 1), text):
                    changed = _before(right, i, change)
                    yield self._mutant(name, f"argument {i + 1}: {text}", changed)
        value = self.expected[self.seeds[0]][0]
        if not self.exercise.options and not _is_truth(value):
            for text, change in result_changes(value).items():
                if can_occur(self.key, "result", text):
                    yield self._mutant(name, f"result: {text}", _after(right, change))
        for word in self.exercise.options or ((True, False) if _is_truth(value) else ()):
            yield self._mutant(name, f"always {word}", lambda *_, word=word: word)

    def _mutant(self, source: str, text: str, function: Callable[..., Any]) -> Mutant:
        return Mutant(self.key, f"{source}: {text}", function)

    def survives(self, mutant: Mutant, seed: int) -> bool:
        """Whether the exercise accepts it with the cases of this seed."""
        exercise = self.exercise
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for case, right in zip(self.cases[seed], self.expected[seed], strict=True):
                try:
                    value = mutant.function(*fresh(case))
                    if is_missing(value):
                        return False
                    formed = same_form(value, right, exercise.options)
                except (Exception, SystemExit):
                    return False
                if not agree(formed, right, exercise.tolerance, exercise.absolute):
                    return False
        return isinstance(self.judge(mutant.function, seed), Correct)

    def run(self) -> Finding:
        """Try all of them with all seeds: each is refused with all, or listed and accepted."""
        finding, listed = Finding(self.key), []
        for mutant in self.mutants():
            finding.mutants += 1
            accepted = [seed for seed in self.seeds if self.survives(mutant, seed)]
            known = equivalents.matching(self.key, mutant.name)
            if not accepted:
                finding.faults += self.false_hints(mutant.function, mutant.name)
            elif known and len(accepted) == len(self.seeds):
                finding.equivalent += 1
                listed.append(mutant.name)
            else:
                finding.faults.append(f"{mutant.name}: accepted with {accepted}")
        stale = equivalents.unused(self.key, listed)
        finding.faults += [f"equivalents.toml: {line!r} is of no use" for line in stale]
        return finding

    def false_hints(self, function: Callable[..., Any], name: str) -> list[str]:
        """A fault when a hint is given that does not hold with other seeds.

        Of a misconception that says the same in all cases the hint says just that.
        """
        try:
            outcomes = [self.judge(function, seed) for seed in self.seeds]
        except Exception:  # a value that cannot be had is not handed in
            return []
        hinted = [o for o in outcomes if o.hint and not self._constant(o.misconception)]
        hints = sorted({o.hint for o in outcomes})
        if not hinted or len(hints) == 1:
            return []
        told = {seed: o.hint for seed, o in zip(self.seeds, outcomes, strict=True)}
        return [f"{name}: told {told}"]

    def _constant(self, misconception: str) -> bool:
        known = {m.name: m.function for m in self.exercise.misconceptions}
        if misconception not in known:
            return False
        cases = self.cases[self.seeds[0]]
        try:
            return len({str(known[misconception](*fresh(case))) for case in cases}) == 1
        except Exception:
            return False

    def judge(self, function: Callable[..., Any], seed: int) -> Outcome:
        """What the exercise itself says."""
        if self.exercise.cases is None:
            return self.exercise.evaluate(function(*self.given), *self.given)
        return self.exercise.evaluate(function, seed=seed)


def _tidy(text: str) -> str:
    return text.removeprefix(": ").replace("_answer = ", "")


def _fixed(right: Callable[..., Any], place: int, value: Any) -> Callable[..., Any]:
    return lambda *a: right(*a[:place], value, *a[place + 1 :])


def _exchanged(right: Callable[..., Any], place: int) -> Callable[..., Any]:
    return lambda *a: right(*a[:place], a[place + 1], a[place], *a[place + 2 :])


def _writing(right: Callable[..., Any], place: int) -> Callable[..., Any]:
    def answer(*arguments: Any) -> Any:
        value = fresh((right(*arguments),))[0]
        spoil(arguments[place])
        return value

    return answer


def spoil(argument: Any) -> None:
    """Write into an argument, whatever it is."""
    if isinstance(argument, dict):
        key = next(iter(argument))
        if isinstance(argument[key], np.ndarray | list):
            spoil(argument[key])
        else:
            del argument[key]
    elif isinstance(argument, list):
        if isinstance(argument[0], np.ndarray):
            spoil(argument[0])
        else:
            argument[0] = argument.pop() + 1
    elif argument.size:
        argument.flat[0] += 1


def _before(
    right: Callable[..., Any], place: int, change: Callable[[Any], Any]
) -> Callable[..., Any]:
    return lambda *a: right(*a[:place], change(a[place]), *a[place + 1 :])


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _after(right: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *a: change(as_array(right(*a)))
