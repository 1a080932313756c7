"""The script of the pages' explorers in a browser, on a page of its own, opened from a file."""

import random
import re
import shutil
from pathlib import Path

import pytest
import web_states
from browser.axe import violations

from benchmarks import browser
from benchmarks.patience import patient
from coursekit.course.site import explorer_card as cards
from coursekit.course.site.state_plan import plan_of
from coursekit.course.widgets import EXPLORERS
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import encode

STATIC = Path(cards.__file__).parent / "static"
OURS = {"include": [[".ckx"]]}
RANDOM = 10  # combinations of knobs around each preset whose codes are compared
IN_TIME = 50  # milliseconds from a key to its picture, once it is loaded

# From a key to the frame in which the picture of another state is decoded.
KEY_TO_PICTURE = """() => new Promise(resolve => {
  const image = document.querySelector('.ckx img'), before = image.src;
  const input = document.querySelector('[data-knob=height]');
  input.value = String(Number(input.value) + 1);
  const start = performance.now();
  input.dispatchEvent(new Event('input', {bubbles: true}));
  const look = () => requestAnimationFrame(() => image.src === before || !image.complete
    ? look() : image.decode().then(() => resolve(performance.now() - start)));
  look();
})"""


@pytest.fixture(scope="module")
def context(site, tmp_path_factory):  # drawn before: Playwright keeps an event loop running
    if browser.browser_path() is None:
        pytest.skip(f"no browser on the PATH; one of {', '.join(browser.BROWSERS)} is needed")
    with browser.browse(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page with one explorer, some way down, and the plan it was made from."""
    top = tmp_path_factory.mktemp("site")
    plan, archive = web_states.stored()
    cards.write_states(plan, archive, top / "explorers" / "gap")
    for name in ("explorer.js", "codes.js"):
        shutil.copy(STATIC / name, top)
    style = (STATIC / "explorer.css").read_text(encoding="utf-8")  # axe may not read files
    (top / "page.html").write_text(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A page</title>'
        f'<style>{style}</style><script defer src="explorer.js"></script>'
        '<script defer src="codes.js"></script><main><h1>A page</h1><div style="height:3000px">'
        f"</div>{cards.card(plan, archive, 'explorers/gap/')}</main></html>",
        encoding="utf-8",
    )
    return top / "page.html", plan


@pytest.fixture
def page(context, site):
    """The page, freshly opened; what it asked for in ``requests``."""
    tab = context.new_page()
    errors, tab.requests = browser.watch(tab), []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.goto(site[0].as_uri())
    yield tab
    assert not errors
    assert all(url.startswith("file://") for url in tab.requests)
    tab.close()


def near(page):
    """Scroll to the card and wait until its first states are there."""
    page.locator(".ckx-code input").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('head script').length > 2")
    page.wait_for_load_state("networkidle")


def shown(page):
    """Alternative text, status, code and the picture's opacity."""
    image = page.locator(".ckx img")
    return (
        image.get_attribute("alt"),
        page.locator("[data-status]").inner_text(),
        page.locator("[data-code]").input_value(),
        image.evaluate("image => image.complete && getComputedStyle(image).opacity"),
    )


def code(plan, **changes):
    start = next(iter(plan.knobs.starts.values()))
    return encode("gap", plan.explorer.controls, Handout({**start, **changes}))


def test_what_is_far_below_is_not_loaded_and_what_is_near_is(page):
    scripts = [url for url in page.requests if "/explorers/" in url]
    assert not [url for url in scripts if url.endswith(".js")]
    near(page)
    loaded = {url.rpartition("/")[2] for url in page.requests if "/explorers/" in url}
    assert {name for name in loaded if name.endswith(".js")} == {"start-of-a-training.js"}
    assert violations(page, OURS) == []


def test_arrow_keys_a_list_and_reset_lead_to_pictures_and_codes(page, site):
    near(page)
    page.locator("[data-knob=height]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.ckx img').alt.includes('0.78')")
    first = "A line begins at 0.78."
    assert shown(page) == (f"{first} It ends at 0.00.", first, code(site[1], height=0.78), "1")
    assert page.locator("[data-knob=height]").get_attribute("aria-valuetext") == "0.78"
    page.locator("summary").click()
    page.wait_for_function("document.querySelector('[data-table]').textContent.includes('0.780')")
    page.get_by_role("button", name="Reset").click()
    page.locator("[data-knob=pairs]").select_option("two exchanged")
    page.wait_for_function("document.querySelector('.ckx img').alt.includes('at 1.00')")
    assert shown(page)[2] == code(site[1], pairs="two exchanged")
    page.get_by_role("button", name="wrong pair, cold").click()
    page.wait_for_function("!document.querySelector('.ckx-waiting')")
    cold = code(site[1], pairs="two exchanged", inverse_temperature=50)
    assert shown(page)[2] == cold
    pressed = page.locator("[aria-pressed=true]")
    assert pressed.inner_text() == "wrong pair, cold"


def test_two_knobs_need_the_lab_which_is_said_over_a_greyed_picture(page, site):
    near(page)
    page.locator("[data-knob=height]").press("ArrowLeft")
    page.locator("[data-knob=pairs]").select_option("two exchanged")
    wanted = code(site[1], height=0.39, pairs="two exchanged")
    why = page.locator("[data-why]")
    assert "needs the Lab" in why.inner_text()
    assert "“height of the circles” and “pairs”" in why.inner_text()
    assert page.locator("[data-call]").inner_text() == f'EXPLORERS["gap"]().open("{wanted}")'
    assert shown(page)[1:] == (why.inner_text(), wanted, "0.12")
    assert "numbers are not stored" in page.locator("[data-table]").text_content()
    assert violations(page, OURS) == []
    page.get_by_role("button", name="Copy the line").click()
    page.wait_for_function(
        "/copied|selected/.test(document.querySelector('[data-status]').textContent)"
    )
    page.get_by_role("button", name="Reset").click()
    assert not why.is_visible()
    assert shown(page)[3] == "1"


def test_codes_lead_to_stored_states_and_others_are_answered(page, site):
    near(page)
    field, status = page.locator("[data-code]"), page.locator("[data-status]")

    def enter(text):
        field.fill(text)
        field.press("Enter")
        return status.inner_text()

    there = code(site[1], height=0.2)
    enter(f" “{there.upper()}” ")
    page.wait_for_function("document.querySelector('.ckx img').alt.includes('0.20')")
    assert page.locator("[data-knob=height]").get_attribute("aria-valuetext") == "0.2"
    elsewhere = code(site[1], height=0.33)
    assert "needs the Lab" in enter(elsewhere)
    assert field.input_value() == elsewhere
    assert elsewhere in page.locator("[data-call]").inner_text()
    handout = site[1].explorer.handout(locked=["pairs"])
    assert "needs the Lab" in enter(handout)
    assert handout in page.locator("[data-call]").inner_text()
    swapped = there[:4] + there[5] + there[4] + there[6:]
    assert swapped != there
    assert "does not add up" in enter(swapped)
    assert "begin with “gap”" in enter("lines-aaaaa-a")
    assert "“i”" in enter("gap-iiiii-a")
    assert "empty" in enter("  ")
    page.get_by_role("button", name="Reset").click()
    assert field.input_value() == code(site[1])


CODES = """([facts, states]) => states.map(numbers => {
  const code = courseCodes.encode(facts, numbers);
  return [code, courseCodes.read(facts, code)];
})"""


def test_codes_of_all_explorers_are_those_of_the_lab(page):
    chance = random.Random(0)
    for key in EXPLORERS:
        plan = plan_of(key)
        facts = cards.script_facts(plan)
        asked, wanted = [], []
        for preset, start in zip(facts["presets"], plan.knobs.starts.values(), strict=True):
            for _ in range(RANDOM):
                numbers, state = list(preset["start"]), dict(start)
                for knob, (name, values) in zip(
                    facts["knobs"], plan.knobs.values.items(), strict=True
                ):
                    at = chance.randrange(len(values))
                    numbers[knob["place"]], state[name] = knob["numbers"][at], values[at]
                asked.append(numbers)
                wanted.append(encode(key, plan.explorer.controls, Handout(state)))
        assert page.evaluate(CODES, [facts, asked]) == [
            [code, {"code": code, "numbers": numbers}]
            for code, numbers in zip(wanted, asked, strict=True)
        ]


def test_a_picture_that_is_loaded_comes_at_once(page):
    near(page)
    page.evaluate("document.querySelector('[data-knob=height]').value = '0'")
    page.locator("[data-knob=height]").dispatch_event("input")
    times = []
    for _ in range(4):
        page.wait_for_timeout(300)  # the neighbours are loaded when the browser is idle
        times.append(page.evaluate(KEY_TO_PICTURE))
    assert min(times) <= patient(IN_TIME), times  # what else runs only makes it slower


def test_a_narrow_window_scrolls_the_picture_and_not_the_page(page):
    page.set_viewport_size({"width": 360, "height": 700})
    near(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert re.match(r"A line", shown(page)[0])
