"""Lesson 17: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "from two modalities to six and more: one transformer that copes with any set of them, "
        "which one to add next by greedy selection and by exact Shapley values, sharing by "
        "measured transfer; pictures, motion vectors and sound, where more is worse or completes"
    ),
    invites="Six modalities. Which one do you add next, and who is right about it?",
    explorers={
        "views": ExplorerEntry(
            "explorer:view_explorer",
            title="Which modality is missing?",
            shows=(
                "Shows what one transformer over six views reaches as you switch views off or blur "
                "them, beside the ensemble of six networks, and each view's Shapley value."
            ),
            moved="noise on fac",
            web_presets=("all six", "without the strongest", "two weak ones"),
            web_knobs=("learnt", "fac", "mor", "pix", "noise_pix"),
            web_values={"noise_pix": (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)},
        ),
    },
    studies={
        "clip-cures": "study_clip_cures:clip_cures",
        "many-modalities": "study_many_modalities:many_modalities",
        "modality-transfer": "study_many_modalities:modality_transfer",
    },
    question=Question(
        (
            "Somebody has six sensors and money for three. They rank them by Shapley value, take "
            "the first three, and report one transformer over them that beats each sensor alone. "
            "What can go wrong with the ranking, in which two ways, and how would you find out? "
            "Which rivals are missing in the report? A seventh sensor arrives next year: what of "
            "the model can stay, and what has to be tested? Compare with your guess at “Ridge, on "
            "most splits: which view does greedy selection add second?”: what had you taken "
            "strength for?"
        ),
        criteria=(
            (1, "Shapley values see no copies, greedy selection no pair that only works together."),
            (1, "Sets are tried on validation rows, as far as they can be, at the number wanted."),
            (1, "The ensemble, concatenation and a closed form stand beside the transformer."),
            (1, "Frozen weights keep the old accuracy; the new one is tested with and without."),
        ),
    ),
)
