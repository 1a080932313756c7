"""Lesson 14: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "sharing, pruning, bf16, int8, checkpointing, accumulation, distillation in one table of "
        "parameters, bytes, activations, multiply-adds, seconds and accuracy, and which column "
        "each moves; whether global pruning starves a modality; several losses under AdamW"
    ),
    invites="Eight of ten weights are gone. What has become cheaper?",
    explorers={
        "pruning": ExplorerEntry(
            "explorer:pruning_explorer",
            title="How much of which encoder?",
            shows=(
                "Shows what both encoders' probes and the joint model still get right when each "
                "modality's weights are pruned by a share of its own, or all in one ranking."
            ),
            moved="image: share pruned",
            state={"image": 0.0},
            p95_ms=250,
            web_presets=("whole", "one ranking", "starved"),
            web_knobs=("image", "audio", "ranking", "weights", "network"),
            web_values={
                "image": (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
                "audio": (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
            },
        ),
    },
    studies={
        "efficiency-networks": "study_networks:networks",
        "efficiency": "study_efficiency:efficiency",
    },
    question=Question(
        (
            "A team puts a network of two encoders on a telephone. It reports 90 % of the weights "
            "pruned in one ranking, int8, and bf16 in training, and accuracy on all test rows as "
            "before. Which columns of a table do you ask for before you believe that anything is "
            "faster or smaller, measured how, and with which controls beside it? How would you "
            "find out whether one modality pays for it? Compare with your guess at “Eight of ten "
            "weights are zero. A training step then takes …”: what had you thought a zero costs?"
        ),
        criteria=(
            (1, "Columns are asked for one by one, and what was measured on which machine."),
            (1, "A control of equal size or time is named, and intervals over seeds."),
            (1, "Each modality is asked about alone, and masked weights counted by encoder."),
            (1, "The guess is used to tell a zero that is stored from a unit that is gone."),
        ),
    ),
)
