"""Lesson 10: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "one stream or align before fuse; matching, masked words, hard negatives, a slow teacher; "
        "which exchange a score does not see; word-region maps tested against truth"
    ),
    invites="The caption says left, the picture shows right: who notices, and where do they look?",
    explorers={
        "where": ExplorerEntry(
            "explorer_where:where_explorer",
            title="Where does it look for a word?",
            shows=(
                "Shows where trained networks look for a word, also for one that is not there, and "
                "how captions with one thing exchanged score."
            ),
            moved="scene",
            p95_ms=600,
            web_presets=("attention", "occlusion", "one stream"),
            web_knobs=("scene", "word", "network", "kind", "layer"),
            web_values={"scene": tuple(range(1, 21))},
        ),
    },
    studies={
        "aligning": "study_aligning:aligning",
        "relations": "study_relations:relations",
        "scene-networks": "stored_networks:networks",
        "captioners": "study_captioners:captioners",
    },
    question=Question(
        (
            "A shop wants to check automatically whether its product texts say what the pictures "
            "show, and is offered a model with R@1 = 0.95 and maps that colour the product in "
            "every example of the brochure. Which foils do you write, from which texts, and what "
            "would each result tell you? How do you test the maps with fifty pictures, and which "
            "control stands beside them? Where do two towers suffice in that shop, and where not, "
            "in passes? Compare with your guess at “… and above the one in which A and B have "
            "changed places?”: what did you think that a high recall proves?"
        ),
        criteria=(
            (1, "Foils exchange one thing each and keep the bag of words for at least one kind."),
            (1, "The maps are counted against marked places, beside a control that knows nothing."),
            (1, "Passes are counted for the shop's numbers, with reranking as a third way."),
            (1, "The guess is used to say what ranking in a pool does not ask for."),
        ),
    ),
)
