"""Which files of ``static`` the cards of guesses, exercises and games need, in their order."""

SCRIPTS = (
    "learner_store.js",
    "learner_scores.js",
    "guess_pictures.js",
    "guess_kinds.js",
    "guess.js",
    "exercise.js",
    "game_state.js",
    "game.js",
)
STYLES = ("learner.css",)
