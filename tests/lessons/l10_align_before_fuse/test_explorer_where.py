"""The explorer of maps: what it shows is what the analysis computes, and its words are right."""

import shutil

import pytest
import torch

from coursekit.analysis.grounding import (
    attention_map,
    gradient_weighted_attention,
    occlusion_map,
    pointing,
    transport_map,
)
from coursekit.course.widgets import EXPLORERS
from coursekit.data.files import CHECKSUMS, DATA_FOLDER, open_checked
from coursekit.data.scene_captions import MASK, OBJECTS, PLACE_OF_WORD, RELATIONS, parsed
from coursekit.data.scenes import tiles
from coursekit.lessons.l10_align_before_fuse import stored_networks
from coursekit.lessons.l10_align_before_fuse.explorer_where import (
    MAPS,
    SHOWN,
    look,
    mapped,
    name_of,
    noun_place,
    scored,
    shown_scenes,
    stranger_of,
)
from coursekit.lessons.l10_align_before_fuse.explorer_where_view import (
    Looked,
    MapOfWord,
    WhereView,
    headline,
)
from coursekit.lessons.l10_align_before_fuse.scene_training import (
    contrast_scores,
    encoded,
    matching_of,
    scenes_of,
)
from coursekit.lessons.l10_align_before_fuse.stored_networks import FILE, SEED, stored_network
from coursekit.models import evaluating
from coursekit.utils.stepwise import drive

FEW = range(0, SHOWN, 9)


def shown(scene=4, word="A", network="align before fuse", kind="attention", layer=1):
    return drive(look(scene, word, network, kind, layer))


# Maps


def by_the_analysis(model, scenes, kind, layer, text):
    """Maps of all words of N captions on N scenes, (N, L, 9)."""
    if kind == "occlusion":
        return occlusion_map(model, scenes.pictures, text, text.sum(2) > 0, PLACE_OF_WORD[MASK])
    with torch.no_grad(), evaluating(model):
        features = model.encode({"picture": scenes.pictures, "text": text})
    pair = model.fusion, features["picture"], features["text"]
    if kind == "transport":
        return transport_map(*pair)
    return {"attention": attention_map, "gradient": gradient_weighted_attention}[kind](
        *pair, layer - 1
    )


@pytest.mark.parametrize("network", ["align before fuse", "one stream"])
@pytest.mark.parametrize(("kind", "layer"), [(k, 1) for k in MAPS] + [("attention", 2)])
def test_the_maps_are_those_of_the_analysis(network, kind, layer):
    scenes, model = shown_scenes(), stored_network(network)
    for scene, who in ((3, 0), (16, 1), (59, 2)):
        data = shown(scene + 1, "ABC"[who], network, kind, layer)
        stranger = stranger_of(scenes, scene, who)
        one = scenes.part(torch.tensor([scene]))
        for shown_map, caption in ((data.own, scene), (data.other, stranger)):
            text = scenes.text[caption : caption + 1]
            maps = by_the_analysis(model, one, kind, layer, text)
            expected = maps[0, noun_place(scenes, caption, who)]
            torch.testing.assert_close(shown_map.numbers, expected, atol=1e-5, rtol=0)
    assert not torch.equal(data.own.numbers, data.other.numbers)


def test_hits_are_those_that_pointing_counts():
    scenes, model = shown_scenes(), stored_network("align before fuse")
    some = scenes.part(torch.tensor(FEW))
    for who in range(3):
        maps = [mapped(model, row, row, who, "attention", 1) for row in FEW]
        every = by_the_analysis(model, some, "attention", 1, some.text)
        noun = torch.tensor([noun_place(scenes, row, who) for row in FEW])
        cells = torch.full_like(some.words, -1)
        cells[torch.arange(len(noun)), noun] = some.cells[:, who]
        assert [one.verdict == "hit" for one in maps] == pointing(every, cells).bool().tolist()


def test_the_own_cell_is_where_the_noun_stands():
    scenes, model = shown_scenes(), stored_network("one stream")
    for row in FEW:
        for who in range(3):
            one = mapped(model, row, row, who, "attention", 1)
            assert one.own == int(scenes.noun_cells[row, noun_place(scenes, row, who)])
            assert one.word == OBJECTS[int(scenes.objects[row, who])][-1]


def test_a_word_of_another_caption_is_not_in_the_picture():
    scenes = shown_scenes()
    for row in range(SHOWN):
        drawn = {OBJECTS[k][-1] for k in scenes.objects[row].tolist()}
        for who in range(3):
            stranger = stranger_of(scenes, row, who)
            assert stranger != row
            assert OBJECTS[int(scenes.objects[stranger, who])][-1] not in drawn


def test_scenes_are_the_first_of_the_lessons_test_scenes():
    lesson = scenes_of(SEED, train=1)["test"]
    assert len(lesson) == 300 and len(shown_scenes()) == SHOWN
    assert torch.equal(shown_scenes().pictures, lesson.pictures[:SHOWN])
    assert shown_scenes().captions == lesson.captions[:SHOWN]


NINTHS = torch.tensor([0.1, 0.0, 0.5, 0.1, 0.1, 0.1, 0.1, 0.0, 0.0])


@pytest.mark.parametrize(
    ("numbers", "own", "verdict"),
    [
        (NINTHS, 2, "hit"),
        (NINTHS, 0, "miss: it is in cell 1"),
        (NINTHS, None, "not there, and yet cell 3 is darkest"),
        (torch.zeros(9), 0, "all cells level, no answer"),
        (torch.full((9,), 1 / 9), None, "all cells level, no answer"),
    ],
)
def test_the_verdict_is_in_words(numbers, own, verdict):
    one = MapOfWord("heart", numbers, own)
    assert one.verdict == verdict
    view = WhereView()
    picture = shown_scenes().pictures[0]
    view.update(Looked(picture=picture, own=one, other=one))
    framed = view._maps[0]
    assert framed._largest.get_visible() == ("level" not in verdict)
    assert framed._own.get_visible() == (own is not None)


def test_the_matching_heads_gradient_says_nothing_in_the_last_layer():
    for network, last in (("align before fuse", 2), ("one stream", 3)):
        assert shown(network=network, kind="gradient", layer=last).own.level
        assert not shown(network=network, kind="gradient", layer=last - 1).own.level


def test_a_layer_is_named_where_there_are_layers():
    assert name_of("occlusion", 3, "align before fuse", 2) == "occlusion"
    assert name_of("attention", 2, "align before fuse", 2) == "attention, layer 2"
    beyond = "attention × gradient, layer 2 (align before fuse has no more)"
    assert name_of("gradient", 3, "align before fuse", 2) == beyond
    one, other = (shown(kind="attention", layer=layer) for layer in (2, 3))
    assert torch.equal(one.own.numbers, other.own.numbers) and one.map_name != other.map_name


# Scores


def test_every_foil_differs_from_the_caption_in_one_thing():
    scenes, model = shown_scenes(), stored_network("one stream")
    kinds = set()
    for row in range(SHOWN):
        first, *foils = scored(model, row)
        assert (first.kind, first.caption) == ("its caption", scenes.captions[row])
        a, relation, b, c = parsed(["[cls]", *first.caption.split()])
        for foil in foils:
            kinds.add(foil.kind)
            x, says, y, z = parsed(["[cls]", *foil.caption.split()])
            assert says == relation and says in RELATIONS
            if foil.kind == "object":
                assert (x, y) == (a, b) and not set(z) & {*a, *b, *c} and len(z) == 1
            else:
                assert z == c
            if foil.kind == "relation":
                assert (x, y) == (b, a)
            if foil.kind == "colour":
                assert (x, y) == ((b[0], a[1]), (a[0], b[1])) and a[0] != b[0]
        has_colour = [foil.kind for foil in foils].count("colour")
        assert has_colour == (len(a) == len(b) == 2 and a[0] != b[0] and a[1] != b[1])
    assert kinds == {"object", "relation", "colour"}


def test_scores_are_the_lessons_own():
    scenes = shown_scenes()
    for network in ("align before fuse", "one stream"):
        model = stored_network(network)
        first = [scored(model, row)[0] for row in FEW]
        some = scenes.part(torch.tensor(FEW))
        matching = matching_of(model, some, some.text).sigmoid()
        assert [s.match for s in first] == pytest.approx(matching.tolist(), abs=1e-5)
        if network == "one stream":
            assert {s.cosine for s in first} == {None}
            continue
        cosines = contrast_scores(model, some).diagonal()
        assert [s.cosine for s in first] == pytest.approx(cosines.tolist(), abs=1e-5)
        assert len(encoded(model, some)) == 2


# Files that cannot be read


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the networks' file, in place of the course's own."""
    for name in (FILE, CHECKSUMS):
        shutil.copy(DATA_FOLDER / name, tmp_path / name)
    monkeypatch.setattr(stored_networks, "open_checked", lambda name: open_checked(name, tmp_path))
    stored_network.cache_clear()
    yield tmp_path
    stored_network.cache_clear()


def change_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (change_a_byte, "is damaged: its SHA-256 is"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is truncated"),
    ],
)
def test_a_file_that_cannot_be_read_gives_a_sentence(folder, spoil, words):
    e = EXPLORERS["where"]()
    assert e.alt.startswith("“") and e._view._axes[0].get_visible()
    good = (folder / FILE).read_bytes()
    spoil(folder / FILE)
    stored_network.cache_clear()
    e.set(scene=9)
    assert words in e.alt and "To restore it: git checkout -- data/scene_networks.npz" in e.alt
    assert "Traceback" not in e.alt and e._panel._warning.value == ""
    assert len(e.table()) == 0 and not any(ax.get_visible() for ax in e._view._axes)
    assert "".join(e._view._title.get_text().split()) == "".join(e.alt.split())
    (folder / FILE).write_bytes(good)
    e.set(scene=10)
    assert e.alt.startswith(f"“{shown_scenes().captions[9]}”") and len(e.table()) > 2
    assert e.picture == EXPLORERS["where"]().render(scene=10)


def test_emoji_that_cannot_be_read_give_a_sentence_too(tmp_path, monkeypatch):
    def without(artist):
        return open_checked(f"emoji_{artist}.npz", tmp_path)

    shutil.copy(DATA_FOLDER / CHECKSUMS, tmp_path)
    monkeypatch.setattr("coursekit.data.scenes.open_emoji", without)
    for opened_once in (shown_scenes, tiles):
        opened_once.cache_clear()
    assert "emoji_google.npz is missing" in shown().sorry
    monkeypatch.undo()
    assert shown().sorry == ""


# The picture


def texts(view):
    """Every text and map that is drawn and where, in pixels."""
    view.figure.canvas.draw()
    every = [*view.figure.texts]
    for ax in view._axes:
        if ax.get_visible():
            every += [*ax.texts, ax._left_title, ax.xaxis.label, *ax.get_xticklabels()]
            every += ax.get_legend().get_texts() if ax.get_legend() else []
    maps = [(f"map {i}", ax.bbox) for i, ax in enumerate(view._axes[:2]) if ax.get_visible()]
    return [*maps, *((t.get_text(), t.get_window_extent()) for t in every if t.get_text())]


def longest_states():
    """States with the longest words and captions, and the sentence of a file that is damaged."""
    scenes = shown_scenes()
    by_length = sorted(range(SHOWN), key=lambda row: -len(scenes.captions[row]))
    for row in by_length[:3]:
        for word in "ABC":
            yield shown(row + 1, word, "align before fuse", "gradient", 3)
            yield shown(row + 1, word, "one stream", "attention", 3)
    folder = "/home/somebody/courses/multimodal_fusion/a-long-name-of-a-folder/$\\sqrt$"
    digest = "its SHA-256 is 0123456789ab…; 474981 bytes with SHA-256 ea7b9f10f9f7… were expected."
    yield Looked(sorry=f"{folder}/{FILE} is damaged: {digest} To restore it: git checkout -- data")


def test_no_text_touches_another_or_leaves_the_picture():
    view = WhereView()
    for data in longest_states():
        view.update(data)
        placed, frame = texts(view), view.figure.bbox
        for i, (text, box) in enumerate(placed):
            inside = box.x0 >= 0 and box.x1 <= frame.x1 and box.y0 >= 0 and box.y1 <= frame.y1
            assert inside, text
            for other, second in placed[i + 1 :]:
                assert not box.overlaps(second), (text, other)


def test_what_is_seen_is_said():
    data = shown(scene=4)
    text = WhereView().describe(data)
    assert text.startswith(f"{headline(data)}. align before fuse, attention, layer 1. ")
    assert f"“{data.own.word}”: {data.own.verdict}" in text
    assert f"“{data.other.word}”: {data.other.verdict}" in text
    assert all(f"“{s.caption}”, match {s.match:.2f}, cosine {s.cosine:.2f}" in text
               for s in data.scores)  # fmt: skip
    assert "Apache-2.0" in text and "CC BY 4.0" in text
    assert "cosine" not in WhereView().describe(shown(network="one stream"))
