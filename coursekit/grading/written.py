"""Open questions for an answer in words, one a lesson, each with the rubric a person marks it by.

Learners see the rubric: a criterion says what earns points, not what the answer is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Written:
    """A question that no check can judge.

    lesson: two digits.  question: what the learner reads; what it quotes from the lesson stands in
    “…”, word for word.  criteria: points, and the sentence that says what earns them.
    """

    lesson: str
    question: str
    criteria: tuple[tuple[float, str], ...]

    @property
    def points(self) -> float:
        """What a full answer earns."""
        return sum(points for points, _ in self.criteria)


def rubric(written: Written) -> str:
    """The criteria as a markdown table."""
    rows = [f"| {points:g} | {sentence} |" for points, sentence in written.criteria]
    return "\n".join(["| points | for |", "|---:|---|", *rows])


def _written(lesson: str, question: str, *criteria: tuple[float, str]) -> Written:
    return Written(lesson, question, criteria)


_EACH = (
    _written(
        "01",
        "A colleague fits a score on two inputs, added up, for two groups of people. The slope of "
        "the first input comes out near zero, and she writes: it has no effect. Describe two "
        "different worlds in which she would have seen the same fit. Which one measurement would "
        "you ask her for, and what would it show in each of the two? Then go back to your guess at "
        "“A voter stands one step further to the right. Where does this voter see Clinton?” What "
        "had you taken for granted when you made it?",
        (1, "Both worlds lead to this fit, and the answer says how, in terms of the groups."),
        (1, "The measurement separates the two; the expected outcome is stated for each."),
        (1, "It is said how sure she could be: what outcome would leave the matter open."),
        (1, "The assumption behind the guess is named and held against a figure of your run."),
    ),
    _written(
        "02",
        "Two papers disagree. One finds that multiplicative fusion cannot learn a task that only "
        "adds; the other finds no difference between operators there. Suppose that both report "
        "their runs correctly. What would you ask both groups first, and why? Plan an experiment, "
        "small enough for your machine, that would settle it. Then name the guess of this lesson "
        "that missed by most, yours or your neighbour's, and say which belief made it miss.",
        (1, "Each thing asked for could by itself explain the disagreement; the answer says how."),
        (2, "The plan says what varies, what is held equal, how often it is repeated and which "
            "result would speak for which paper; somebody else could run it."),
        (1, "The belief behind the missed guess is stated and corrected, with a figure."),
    ),
    _written(
        "03",
        "A model loses four points of test accuracy under EMAP. The team wants to write: this task "
        "needs both modalities together. Write them the paragraph that they may publish instead. "
        "Which one further training would you ask for before more is claimed, and what would you "
        "write after each of its possible outcomes? At the end, take your guess at “Two views of "
        "real digits: what does the projection do to the mid-MLP's accuracy?” and say whether the "
        "data or the model had been in your mind.",
        (1, "The paragraph claims what the measurement shows and nothing beyond it."),
        (1, "It names its limits: which model, which samples, how large a drop would be noise."),
        (1, "The further training is a fair rival, and each outcome has its own sentence."),
        (1, "The guess is discussed honestly, with the figure that the run gave."),
    ),
    _written(
        "04",
        "A machine in a factory is watched by a camera and heard by a microphone, and on one day "
        "in ten the microphone is broken. You may run forty trainings in all and have to say where "
        "the two should meet. Write the plan: what you match, what you tune and how often, what "
        "you measure on which rows. Which result would make you give up the architecture that you "
        "would bet on today? Compare your bet with your guess at “Late fusion, trained on both, "
        "with the audio term dropped at test time: accuracy?” and what came of it.",
        (1, "The plan is fair to all candidates, and its trainings add up to the budget."),
        (1, "The broken microphone is part of what is measured, in training or at test time."),
        (1, "A result is named, with its size, that would overturn the bet."),
        (1, "The bet is connected with what your guess got wrong or right."),
    ),
    _written(
        "05",
        "A colleague's joint model is below its best single modality. You may make two "
        "measurements before you advise her. Which two, in which order, and what would you tell "
        "her after each possible outcome? Is there an outcome after which you would still not "
        "know, and what then? Compare with your guess at “Probe accuracy of A's encoder inside the "
        "joint model?”: would the person who made that guess have chosen the same two?",
        (1, "The two measurements tell causes apart that accuracy alone does not."),
        (1, "Every outcome leads to advice, and different outcomes to different advice."),
        (1, "Chance is dealt with: repetitions, an interval, or a threshold that is defended."),
        (1, "The comparison with the guess says what changed in your thinking."),
    ),
    _written(
        "06",
        "An estimate gives the weights 1.1 for A, −0.3 for B and 0.2 for the joint head. Before "
        "anybody trains with them: what would you look at, in which order, and what would make "
        "you throw the estimate away? Of the assumptions in the derivation, choose the one that "
        "you trust least on data that you know, and say how you would measure whether it holds. "
        "Compare with your sketch for “starve: which weight does the head of A get from an "
        "estimate over N epochs?”: what did you think that the estimate measures?",
        (1, "The order has a reason, and what costs nothing comes first."),
        (1, "For each thing looked at there is an outcome that condemns the estimate."),
        (1, "The assumption is stated in your own words, with a measurement that could refute it."),
        (1, "The sketch and the curve of the run are compared in shape, not only in a score."),
    ),
    _written(
        "07",
        "You are the referee of a new balancing method that gains three points over joint training "
        "on one data set. Invent the method in two sentences and write it as a row of this "
        "lesson's picture: which weights, which scales, from which signal, how often. Then ask for "
        "the three rows or runs without which you would not believe the gain, and say for each "
        "what result would convince you. Which of your own guesses in this lesson would have made "
        "you a bad referee, and of what?",
        (1, "The row is complete, and it fits the two sentences."),
        (2, "Each of the three requests rules out another explanation of the gain, and has a "
            "result that would satisfy the referee."),
        (1, "The guess is named with its outcome, and the lesson drawn from it is a general one."),
    ),
    _written(
        "08",
        "Describe in two sentences a data set with two modalities that you know. You must ship one "
        "model for it. Which models do you train, which number decides between a joint model and "
        "the ensemble, and which difference, fixed beforehand, would be too small to count? What "
        "do you ship in a tie? Say where the tables of this lesson could mislead you about your "
        "data. Compare with your guess at “starve, multi-loss, usual rates: it is right in what "
        "share of the rows where only A is?”: what would accuracy alone have told you?",
        (1, "The candidates include the rivals that are easily left out, at equal budgets."),
        (1, "Number, smallest difference and the way out of a tie are fixed before any result."),
        (1, "A concrete difference between these data and the lesson's is named, with its effect."),
        (1, "The guess is used to say what one summary figure hides."),
    ),
)  # fmt: skip
WRITTEN: Mapping[str, Written] = MappingProxyType({one.lesson: one for one in _EACH})
