"""The first cases of a game, computed once and stored: what can be seen of them, and the truth.

A case is trained; then every set of orders is drawn, and every answer beside the truth. All of it
is in ``data/web_states/game-KEY.zip``, like an explorer's states.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from coursekit.course import registry
from coursekit.course.games import Answer, Evidence, Game, Scale, game
from coursekit.course.plots.display import png
from coursekit.course.plots.game import GameView, Played
from coursekit.course.site.make_states import small_picture
from coursekit.course.site.state_archive import name_of, picture_name, publish, read_zip, write_zip
from coursekit.course.site.state_digest import digest
from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.picture_on_card import tables_html
from coursekit.data.files import DATA_FOLDER, DataFileError, open_checked
from coursekit.utils.checks import require
from coursekit.utils.stepwise import drive

STORED = 10  # cases of the hundred that the Lab has
VIEW = "coursekit.course.plots.game"  # draws them; a game's own module does not import it


@dataclass(frozen=True)
class Look:
    """What is seen of a case at one moment.  picture: its file's name.  table: HTML."""

    alt: str
    table: str
    picture: str


@dataclass(frozen=True)
class StoredCase:
    """One case.

    before: set of orders (`orders_key`) → what it shows.  after: answer (`answer_key`) → the same
    with the answer beside the truth.  verdict: why, in words.
    """

    number: int
    truth: Answer
    verdict: str
    before: Mapping[str, Look]
    after: Mapping[str, Look]


@dataclass(frozen=True)
class GameArchive:
    """What the file of a game holds.  digest: of what computed it.  width, height: pixels."""

    key: str
    digest: str
    width: int
    height: int
    cases: tuple[StoredCase, ...]
    pictures: Mapping[str, bytes]


def archive_key(key: str) -> str:
    """The name of a game's archive among those of the explorers."""
    return f"game-{key}"


class _Drawer:
    """Draws what is seen of a game's cases and collects the pictures by name.

    size: width and height of them all, pixels.
    """

    def __init__(self, played: Game) -> None:
        self._view = GameView(played)
        self.pictures: dict[str, bytes] = {}
        self.size = (0, 0)

    def look(self, data: Played) -> Look:
        """What ``data`` shows."""
        self._view.update(data)
        picture, self.size = small_picture(png(self._view.figure))
        name = picture_name(picture)
        self.pictures[name] = picture
        return Look(self._view.describe(data), tables_html(self._view, data), name)


def make_cases(key: str, folder: Path = DATA_FOLDER) -> GameArchive:
    """Train and draw the stored cases of the game ``key``, and write its archive.

    Takes about a minute.  Errors: ValueError for a game that there is not.
    """
    played = game(key)
    drawer = _Drawer(played)
    cases = tuple(_drawn(played, number, drawer) for number in range(1, STORED + 1))
    width, height = drawer.size
    archive = GameArchive(key, digest_of_game(key), width, height, cases, drawer.pictures)
    texts = asdict(archive)
    del texts["pictures"]
    write_zip(folder / name_of(archive_key(key)), texts, archive.pictures)
    publish([archive_key(key)], folder)
    return archive


def _drawn(played: Game, number: int, drawer: _Drawer) -> StoredCase:
    """A case, trained and drawn in all its states."""
    case = played.case(number)
    evidence: Evidence = drive(played.train(case))
    return StoredCase(
        number,
        case.truth,
        played.verdict(evidence, case.truth),
        before={
            orders_key(played, orders): drawer.look(Played(number, evidence.only(orders)))
            for orders in _sets(list(played.orders))
        },
        after={
            answer_key(answer): drawer.look(Played(number, evidence, answer, case.truth))
            for answer in answers(played)
        },
    )


def read_cases(key: str, folder: Path = DATA_FOLDER) -> GameArchive:
    """The published archive of the game ``key``.

    Errors: ValueError when there is none; DataFileError when it is damaged or no game's.
    """
    path = open_checked(name_of(archive_key(key)), folder)
    texts, pictures = read_zip(path)
    try:
        stored: Any = texts.pop("cases")
        cases = tuple(_case(one) for one in stored)
        archive = GameArchive(**texts, cases=cases, pictures=pictures)  # type: ignore[arg-type]
    except (KeyError, TypeError) as error:
        raise DataFileError(f"{path} is no archive of a game: {error}.") from None
    looks = [one for case in cases for part in (case.before, case.after) for one in part.values()]
    lost = sorted({one.picture for one in looks} - set(pictures))
    if lost:
        raise DataFileError(f"{path} lacks the pictures {', '.join(lost)}.")
    return archive


def stale_cases(key: str, folder: Path = DATA_FOLDER) -> str:
    """Why the stored cases of ``key`` are not to be shown, a sentence; "" when they are good."""
    name = name_of(archive_key(key))
    if not (folder / name).exists():
        return f"{name} is missing; `python course.py site --states {key}` makes it."
    try:
        archive = read_cases(key, folder)
    except (ValueError, DataFileError) as error:
        return str(error)
    if archive.digest == digest_of_game(key):
        return ""
    return (
        f"{name} was made with other code than there is now; "
        f"`python course.py site --states {key}` makes it anew."
    )


def digest_of_game(key: str) -> str:
    """The digest of what decides a game's stored cases: the lesson's module, and the view."""
    module = registry.games()[key].__module__
    return digest(VIEW, digest(module, f"{key}, cases 1 to {STORED}"))


def orders_key(played: Game, orders: tuple[str, ...]) -> str:
    """A set of orders as a word, whatever the order of asking; "" for none."""
    unknown = set(orders) - set(played.orders)
    require(not unknown, f"orders has {sorted(unknown)}; some of {list(played.orders)} expected.")
    return "+".join(name for name in played.orders if name in orders)


def answers(played: Game) -> list[Answer]:
    """Everything that can be answered."""
    if isinstance(played.answers, Scale):
        scale = played.answers
        slider = Slider("Your answer", scale.low, scale.high, scale.step, scale.low)
        return [slider.at(i) for i in range(slider.count)]
    return list(played.answers)


def answer_key(answer: Answer) -> str:
    """An answer as a word: an option itself, a number as a script writes it."""
    return answer if isinstance(answer, str) else f"{answer:g}"


def _sets(names: list[str]) -> Iterator[tuple[str, ...]]:
    for count in range(len(names) + 1):
        yield from combinations(names, count)


def _case(stored: Mapping[str, Any]) -> StoredCase:
    looks = {
        part: {word: Look(**one) for word, one in stored[part].items()}
        for part in ("before", "after")
    }
    return StoredCase(**{**stored, **looks})
