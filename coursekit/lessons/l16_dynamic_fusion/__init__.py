"""Lesson 16: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "who needs both modalities: gates over experts that are charged for what they use, beside "
        "a cascade, a random gate and an oracle; gates between stages; searching where to fuse, "
        "why a search first favours what learns fastest, and random search at the same budget"
    ),
    invites="A gate saves two thirds of the computing. Who saves more?",
    explorers={
        "gates": ExplorerEntry(
            "explorer:gate_explorer",
            title="Who needs both?",
            shows=(
                "Shows whom a gate sends to which expert, by kind of sample, as its charge and "
                "temperature change, and what it reaches and costs beside a cascade, a random gate "
                "and an oracle."
            ),
            moved="cascade's threshold",
            web_presets=("a fair price", "frozen", "straight-through"),
            web_knobs=("charge", "temperature", "learning", "threshold", "mix"),
            web_values={"charge": (0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0)},
        ),
    },
    studies={"fusion-space": "study_fusion_space:fusion_space"},
    question=Question(
        (
            "A team reports that its gate saves 60 % of the computing and loses one point of "
            "accuracy against the model that reads everything. Which rivals do you ask for, at "
            "which cost, and what has to be counted in each? How do you tell whether the gate "
            "knows who needs what? They then searched for the best fusion and show that one "
            "operator has a share of 0.7 in softmax(α). What does that prove, and which two runs "
            "would you ask for? Compare with your guess at “The gate against the cascade, λ = 0.3, "
            "at equal cost. Who is ahead?”: what did you expect to be hard to beat?"
        ),
        criteria=(
            (1, "A cascade, an ensemble and a static model at equal cost, the gate's own counted."),
            (1, "A random gate with the same shares tells whether the gate knows anything."),
            (1, "α is not strength, early on it is speed: remove each operator, train each alone."),
            (1, "Random search at the same budget; the guess is compared with the interval."),
        ),
    ),
)
