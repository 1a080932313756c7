"""Lesson 15: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches="TODO(author): what one learns, as README's table says it",
    invites="TODO(author): a question or a sentence that makes one open the lesson.",
    explorers={
        "dice15": ExplorerEntry(
            "explorer:dice",
            title="Throw dice",
            shows="TODO(author): what one sees in the explorer, in one sentence.",
        ),
    },
    question=Question(
        (
            "TODO(author): the question for an answer in words, which no check can judge. "
            "Ask for something to decide, to design or to doubt, and send the learner back to a "
            "guess, quoted word for word: “Of 60 throws of a fair die, which share shows a six?” "
            "What had you taken for granted when you made it?"
        ),
        criteria=(
            (1, "TODO(author): what earns the first point, in one whole sentence."),
            (2, "TODO(author): what earns two further points, in one whole sentence."),
            (1, "TODO(author): what earns the last point, in one whole sentence."),
        ),
    ),
)
