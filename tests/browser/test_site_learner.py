"""Guesses, exercises and games in a browser, on a page made of a few cards."""

import functools
import http.server
import threading
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from coursekit.course import registry
from coursekit.course.games import Scale
from coursekit.course.site import game_card, game_cases
from coursekit.course.site.exercise_card import exercise_card
from coursekit.course.site.game_cases import GameArchive, Look, StoredCase
from coursekit.course.site.guess_card import guess_card
from coursekit.course.site.learner_files import SCRIPTS, STYLES
from coursekit.course.site.stored_guesses import StoredGuess
from coursekit.course.widgets.curve_guess import curve_score
from coursekit.course.widgets.game_answer import full_score
from coursekit.course.widgets.guess import number_score

STATIC = Path(game_cases.__file__).parent / "static"
WIDTH = 360  # pixels: a narrow telephone
SCALE = {"low": 0, "high": 10, "step": 0.5, "decimals": 1}
NUMBER = StoredGuess(
    "00-n", "How many?", "number", 7.25, 0.5, {**SCALE, "unit": "dB", "start": 5.0}
)
CHOICE = StoredGuess("00-c", "Which?", "choice", "b", None, {"options": ["a", "b"]})
CURVE = StoredGuess(
    "00-k", "How does it go?", "curve", [[1, 2], [2, 4], [3, 6], [4, 8], [5, 10]], 0.5,
    {**SCALE, "xs": [1, 2, 4, 5], "names": ["epoch", "gain"]},
)  # fmt: skip
STUB = 'def gap(x):\n    """The gap."""\n    ...'
PIXEL = bytes.fromhex(  # the smallest picture there is
    "524946461a000000574542505650384c0d0000002f00000010071011118888fe0700"
)
NOTHING = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }});"


def archive():
    """Two cases of the game of starved encoders, with words in place of pictures."""
    played = game_cases.game("modality")

    def look(words):
        return Look(words, f"<table><tr><td>{words}</td></tr></table>", "p.webp")

    orders = ("", "ensemble", "curves", "ensemble+curves", "probes", "ensemble+probes",
              "curves+probes", "ensemble+curves+probes")  # fmt: skip
    cases = tuple(
        StoredCase(
            n, "B", "The probes say so.",
            {name: look(f"case {n}, orders {name or 'none'}") for name in orders},
            {a: look(f"case {n}, answer {a}") for a in played.answers},
        )
        for n in (1, 2)
    )  # fmt: skip
    return GameArchive("modality", "digest", 10, 10, cases, {"p.webp": PIXEL})


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The page, below a folder; its sections are nested as headings are."""
    made = archive()
    monkeypatch.setattr(game_card, "read_cases", lambda *_: made)
    folder = tmp_path / "some" / "site"
    game_card.write_game("modality", made, folder / "games" / "modality")
    for name in (*SCRIPTS, *STYLES):
        (folder / name).write_bytes((STATIC / name).read_bytes())
    gap = registry.exercises("00").gap
    parts = [
        guess_card(NUMBER),
        '<p id="first">The number is 7.25.</p><section id="deep">',
        guess_card(CHOICE),
        '<p id="second">It is b.</p></section><section id="later"><h2>Later</h2>',
        guess_card(CURVE),
        '<p id="third">It rises.</p></section>',
        f'<section id="rest"><h2>Rest</h2>{exercise_card(gap, STUB, "gap.check(g)", "return 1")}',
        f"{game_card.game_card('modality', 'games/modality')}</section>",
        '<footer class="ck-credits" id="credits">Pictures: Somebody</footer>',
    ]
    links = "".join(f'<link rel="stylesheet" href="{name}">' for name in STYLES)
    scripts = "".join(f'<script src="{name}"></script>' for name in SCRIPTS)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<link rel="icon" href="data:,">'
        "<title>A lesson</title><script>document.documentElement.className = 'ck-js'</script>"
    )
    body = f'<main><h1>A lesson</h1><nav><a href="#third">to it</a></nav>{"".join(parts)}</main>'
    (folder / "page.html").write_text(
        f'<!doctype html><html lang="en"><head>{head}{links}</head>'
        f'<body data-theme="light">{body}{scripts}</body></html>',
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def opened(page, site):
    """The page from its file, nothing kept from another test."""
    page.goto((site / "page.html").as_uri())
    page.evaluate("localStorage.clear()")
    page.reload()
    yield page
    assert page.page_errors == []


def hidden(page, *names):
    for name in names:
        expect(page.locator(f"#{name}")).to_be_hidden()


def commit(page, key):
    page.locator(f"#guess-{key} .ck-commit").click()


def answer(page, key):
    return page.locator(f"#guess-{key} .ck-answer")


def test_nothing_below_a_guess_is_seen_before_it_is_made(opened):
    hidden(opened, "first", "deep", "later", "rest")
    expect(opened.locator("#credits")).to_be_visible()  # of the pictures above the guess
    opened.get_by_label("Your guess (dB), as a number").fill("6")
    commit(opened, "00-n")
    expect(answer(opened, "00-n")).to_contain_text(
        "The truth is 7.25 dB, your guess was 6 dB: off by 1.25. Off by 0.5 or less is right. "
        f"Score: {number_score(6, 7.25, 0.5, 10)} of 100."
    )
    expect(answer(opened, "00-n")).to_contain_text("down to the next guess, “Which?”")
    expect(answer(opened, "00-n")).to_be_focused()
    expect(opened.locator("#first")).to_be_visible()
    hidden(opened, "second", "later", "rest")
    commit(opened, "00-c")
    expect(opened.locator("#guess-00-c .ck-alert")).to_have_text(
        "Choose one of the options first, or skip."
    )
    opened.get_by_label("a", exact=True).check()
    commit(opened, "00-c")
    expect(answer(opened, "00-c")).to_contain_text("Not right. The truth is: b.")
    expect(opened.locator("#guess-00-c li").nth(0)).to_have_text("a: ■ your guess")
    expect(opened.locator("#second")).to_be_visible()
    hidden(opened, "third", "rest")
    opened.get_by_role("button", name="rising", exact=True).click()
    shown = opened.locator(".ck-point output").all_text_contents()
    assert [float(text) for text in shown] == pytest.approx([0, 3.5, 6.5, 10], abs=0.01)
    commit(opened, "00-k")
    score = curve_score([0, 3.5, 6.5, 10], [2, 4, 8, 10], 0.5, 10)
    expect(answer(opened, "00-k")).to_contain_text(f"Score: {score} of 100.")
    expect(answer(opened, "00-k")).to_contain_text("The rest of this page is open.")
    expect(opened.locator("#rest")).to_be_visible()


def test_a_later_visit_shows_what_was_guessed_until_it_is_forgotten(opened):
    opened.locator("#guess-00-n .ck-field").fill("7")
    commit(opened, "00-n")
    opened.locator("#guess-00-c .ck-skip").click()
    opened.reload()
    expect(answer(opened, "00-n")).to_contain_text("your guess was 7 dB")
    expect(answer(opened, "00-c")).to_contain_text("Skipped: no guess was made.")
    hidden(opened, "third")
    opened.evaluate("coursekitForgetGuesses()")
    hidden(opened, "first", "second")
    expect(answer(opened, "00-n")).to_be_hidden()
    assert opened.evaluate("Object.keys(localStorage)") == []
    opened.locator("#guess-00-n .ck-field").fill("7.3")
    commit(opened, "00-n")
    expect(opened.locator("#guess-00-n .ck-alert")).to_have_text(
        "Enter a number from 0 to 10 in steps of 0.5."
    )


def test_two_tabs_know_of_each_other(opened):
    other = opened.context.new_page()
    other.goto(opened.url)
    opened.get_by_label("Your guess (dB), as a number").fill("6")
    commit(opened, "00-n")
    expect(answer(other, "00-n")).to_contain_text("your guess was 6 dB")
    expect(other.locator("#first")).to_be_visible()
    expect(answer(other, "00-c")).to_be_empty()
    other.close()


def test_what_was_kept_for_another_question_does_not_count(opened):
    for kept in ('{"guess": "often"}', '"x"', "{", '{"guess": 99}', "7"):
        opened.evaluate("kept => localStorage.setItem('coursekit-guess-00-n', kept)", kept)
        opened.reload()
        hidden(opened, "first")


def test_links_to_what_is_hidden_lead_to_the_guess_in_the_way(opened):
    opened.get_by_role("link", name="to it").click()
    expect(opened.locator("#guess-00-n .ck-alert")).to_contain_text("comes after this guess")
    expect(opened.locator("#guess-00-n input").first).to_be_focused()
    hidden(opened, "third")
    opened.evaluate("location.hash = 'rest'")
    expect(opened.locator("#guess-00-n .ck-alert")).to_contain_text("comes after this guess")
    for key in ("00-n", "00-c", "00-k"):
        opened.locator(f"#guess-{key} .ck-skip").click()
    opened.reload()
    expect(opened.locator("#rest")).to_be_in_viewport()


def test_all_can_be_opened_without_guessing_and_stays_so(opened):
    opened.evaluate("coursekitOpenAll(true)")
    for name in ("first", "second", "third", "rest"):
        expect(opened.locator(f"#{name}")).to_be_visible()
    opened.reload()
    expect(opened.locator("#third")).to_be_visible()
    opened.locator("#guess-00-c summary").click()
    expect(opened.get_by_text("The truth is: b.")).to_be_visible()
    opened.evaluate("coursekitOpenAll(false)")
    hidden(opened, "first", "third")


def test_on_paper_everything_is_there(opened):
    opened.emulate_media(media="print")
    expect(opened.locator("#third")).to_be_visible()
    opened.emulate_media(media="screen")


def test_the_keyboard_is_enough(opened):
    def press(*keys):
        for key in keys:
            opened.keyboard.press(key)

    opened.locator("#guess-00-n .ck-range").focus()
    press("ArrowRight", "ArrowRight", "Tab", "Tab", "Enter")  # the field, then the button
    expect(answer(opened, "00-n")).to_contain_text("your guess was 6 dB")
    press("Tab", "ArrowDown", "Tab", "Space")
    expect(answer(opened, "00-c")).to_contain_text("Score: 100 of 100.")
    press("Tab", "Tab", "Enter", "Tab", "Tab", "Tab", "ArrowRight")  # rising, then the first point
    assert opened.locator(".ck-point output").all_text_contents()[0] == "0.5"
    press("Tab", "Tab", "Tab", "Tab", "Enter")
    expect(answer(opened, "00-k")).to_contain_text("Score:")
    press("Tab", "x", "Tab")  # out of the field again
    expect(opened.locator("#exercise-00-gap textarea")).not_to_be_focused()


def test_a_browser_that_keeps_nothing_can_do_everything(page, site):
    page.add_init_script(NOTHING)
    page.goto((site / "page.html").as_uri())
    for key in ("00-n", "00-c", "00-k"):
        page.locator(f"#guess-{key} .ck-skip").click()
    expect(answer(page, "00-n")).to_contain_text("This browser keeps nothing for the page")
    page.locator("#exercise-00-gap textarea").fill("x")
    expect(page.locator("#exercise-00-gap .ck-status")).to_contain_text("keeps nothing")
    play(page, "A")
    expect(page.locator(".ck-game .ck-answer")).to_contain_text("keeps nothing")
    page.evaluate("coursekitForgetGuesses()")
    hidden(page, "first")
    page.reload()
    hidden(page, "first")
    assert page.page_errors == []


def skipped(page):
    for key in ("00-n", "00-c", "00-k"):
        page.locator(f"#guess-{key} .ck-skip").click()


def test_a_solution_opens_after_an_attempt(opened):
    skipped(opened)
    card = opened.locator("#exercise-00-gap")
    field, button = card.get_by_label("Your attempt"), card.get_by_role("button")
    solution, status = card.locator(".ck-solution"), card.locator(".ck-status")
    assert field.input_value() == STUB
    button.click()
    expect(status).to_contain_text("Nothing is written yet.")
    for text in (
        "",
        f"{STUB}\n\n# max",
        'def gap(x):\n    """Another\n    text."""\n    pass  # x',
    ):
        field.fill(text)
        button.click()
        expect(status).to_contain_text("The solution opens after an attempt")
        expect(solution).to_be_hidden()
    field.fill(f"{STUB}\n    return x")
    button.click()
    expect(solution).to_be_visible()
    expect(solution).to_be_focused()
    expect(status).to_be_empty()
    opened.wait_for_function("localStorage.getItem('coursekit-exercise-00-gap') !== null")
    opened.reload()
    assert field.input_value().endswith("return x")
    expect(card.get_by_text("Hint 1 of")).to_be_hidden()
    card.get_by_text("Show a hint").click()
    expect(card.get_by_text("Hint 1 of")).to_be_visible()
    expect(card.get_by_text("Hint 2 of")).to_be_hidden()
    card.get_by_text("Show the next hint").first.click()
    expect(card.get_by_text("Hint 2 of")).to_be_visible()


def play(page, option):
    card = page.locator(".ck-game")
    card.scroll_into_view_if_needed()
    expect(card.locator(".ck-answer")).to_contain_text("a right answer is worth 100 points")
    card.get_by_role("button", name="Order probes (−15)").click()
    expect(card.get_by_role("button", name="probes: ordered (−15)")).to_be_visible()
    card.get_by_label(option, exact=True).check()
    card.get_by_role("button", name="Commit my answer").click()


def test_a_game_is_played_and_its_answers_stay(opened):
    skipped(opened)
    card = opened.locator(".ck-game")
    image, words = card.locator("img"), card.locator(".ck-answer")
    assert image.get_attribute("alt") == "case 1, orders none"
    play(opened, "B")
    assert image.get_attribute("alt") == "case 1, answer B"
    expect(words).to_contain_text("Right. Your answer: B. The truth: B.")
    expect(words).to_contain_text("Score: 100 for the answer, less 15 for evidence: 85 of 100.")
    expect(words).to_contain_text("In all: 85 of 100 points, cases answered: 1 of 2.")
    card.get_by_role("button", name="Commit my answer").click()
    expect(card.locator(".ck-alert")).to_contain_text("Case 1 is answered")
    card.get_by_role("button", name="Next case").click()
    card.get_by_role("button", name="Order probes").click()
    card.get_by_role("button", name="Order ensemble").click()
    assert image.get_attribute("alt") == "case 2, orders ensemble+probes"
    card.get_by_role("button", name="Commit my answer").click()
    expect(card.locator(".ck-alert")).to_have_text("Choose one of the options first.")
    opened.reload()
    card.scroll_into_view_if_needed()
    expect(words).to_contain_text("Case 2: a right answer is worth 75 points.")  # paid is paid
    card.get_by_label("A", exact=True).check()
    card.get_by_role("button", name="Commit my answer").click()
    expect(words).to_contain_text("In all: 85 of 200 points, cases answered: 2 of 2.")
    card.get_by_label("Case", exact=True).select_option("1")
    expect(words).to_contain_text("evidence: 85 of 100.")
    assert image.evaluate("e => new URL(e.src).pathname.split('/').slice(-3).join('/')") == (
        "games/modality/p.webp"
    )


def test_what_another_tab_played_meanwhile_stays(opened):
    skipped(opened)
    other = opened.context.new_page()
    other.goto(opened.url)
    play(opened, "B")
    card = other.locator(".ck-game")
    card.scroll_into_view_if_needed()
    card.get_by_role("button", name="Next case").click()
    card.get_by_label("A", exact=True).check()
    card.get_by_role("button", name="Commit my answer").click()
    other.reload()
    card.scroll_into_view_if_needed()
    expect(card.locator(".ck-answer")).to_contain_text("cases answered: 2 of 2")
    here = opened.locator(".ck-game")  # which does not know of the other's answer to case 2
    here.get_by_role("button", name="Next case").click()
    here.get_by_role("button", name="Order probes").click()
    expect(here.locator(".ck-alert")).to_contain_text("Case 2 is answered")
    expect(here.locator(".ck-answer")).to_contain_text("Your answer: A.")
    other.reload()
    card.scroll_into_view_if_needed()
    expect(card.locator(".ck-answer")).to_contain_text("cases answered: 2 of 2")
    other.close()


def test_scores_are_those_of_the_lab_to_the_point(opened):
    for within in (0.0, 0.02, 0.1):
        grid = [(g / 20, t / 37, within, 1.5) for g in range(21) for t in range(38)]
        ours = opened.evaluate("g => g.map((a) => coursekitScores.number(...a))", grid)
        assert ours == [number_score(*row) for row in grid]
    curves = [
        ([a / 20, b / 20, 0.5, 0.35], [0.11, b / 7, a / 31, 0.4], within, 1.0)
        for a in range(0, 21, 2) for b in range(0, 21, 2) for within in (0.0, 0.05)
    ]  # fmt: skip
    ours = opened.evaluate("g => g.map((a) => coursekitScores.curve(...a))", curves)
    assert ours == [curve_score(*row) for row in curves]
    for played in (game_cases.game(key) for key in registry.games()):
        scale = played.answers
        rules = (
            list(scale)
            if not isinstance(scale, Scale)
            else ({"within": scale.within, "worthless": scale.worthless})
        )
        options = game_cases.answers(played)
        pairs = [[a, t] for a in options for t in options]
        ask = """([rules, pairs]) => pairs.map(
            ([a, t]) => [coursekitScores.full(rules, a, t), coursekitScores.right(rules, a, t)])"""
        ours = opened.evaluate(ask, [rules, pairs])
        assert ours == [[full_score(played, a, t), played.right(a, t)] for a, t in pairs]


@pytest.fixture
def served_page(page, site):
    """The page over http, in a folder of the server, and every address that was asked for."""
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site.parents[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root, asked = f"http://127.0.0.1:{server.server_port}/some/site", []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{root}/page.html")
    yield page, root, asked
    server.shutdown()
    server.server_close()
    assert page.page_errors == []


def test_over_http_below_a_path_nothing_else_is_asked_for(served_page):
    page, root, asked = served_page
    skipped(page)
    play(page, "neither")
    expect(page.locator(".ck-game .ck-answer")).to_contain_text("Not right.")
    assert asked and all(url.startswith(f"{root}/") for url in asked)


def broken(page):
    """What axe-core finds in the cards, of any impact: rule and element."""
    found_by_axe = Axe().run(page, context={"include": [[".ck-card"]]}).response["violations"]
    return [(rule["id"], node["html"]) for rule in found_by_axe for node in rule["nodes"]]


GROUNDS = {  # the theme's, as far as the cards use them
    "light": {"primary": "#ffffff", "secondary": "#f8f9fb", "text": "#000000"},
    "dark": {"primary": "#131416", "secondary": "#1a1c1e", "text": "#cfd0d0"},
}
TURN = """([theme, grounds]) => {
  document.body.dataset.theme = theme;
  const put = (name, value) => document.body.style.setProperty(name, value);
  put("--color-background-primary", grounds.primary);
  put("--color-background-secondary", grounds.secondary);
  put("--color-foreground-primary", grounds.text);
}"""


def test_a_narrow_window_does_not_scroll_sideways_and_axe_finds_nothing(served_page):
    page, *_ = served_page
    size = page.viewport_size
    page.set_viewport_size({"width": WIDTH, "height": 800})
    page.evaluate("coursekitOpenAll(true)")
    for done in (False, True):
        if done:
            skipped(page)
        for theme, grounds in GROUNDS.items():
            page.evaluate(TURN, [theme, grounds])
            assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
            assert broken(page) == []
    page.set_viewport_size(size)
