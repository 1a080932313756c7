"""No modality is called what tables call a model of several modalities: it would lose its row."""

import copy

import pytest
import torch

from coursekit import fusion
from coursekit.balancing.ensemble import Ensemble
from coursekit.balancing.gblend import OneHead
from coursekit.balancing.unimodal import Unimodal
from coursekit.compare import quick, race, replay, seeds, seeds_at_once
from coursekit.data import Modality, MultimodalData, Recipe, Split, generate
from coursekit.data.lazy_split import LazyData, LazySplit
from coursekit.lessons.l08_multi_loss_balanced.pace import run_scores
from coursekit.models import MLP, MultimodalClassifier, build_classifier
from coursekit.models.fusion_stage import build_alone, build_depth
from coursekit.training import Settings
from coursekit.training.method import JOINT, Method
from coursekit.utils.checks import RESERVED
from coursekit.utils.stepwise import drive

FEW = Settings(epochs=1)
ROWS, ZEROS = torch.arange(6), torch.zeros(6, dtype=torch.int64)
SPLITS = {"train": ROWS[:2], "valid": ROWS[2:4], "test": ROWS[4:]}
each_name = pytest.mark.parametrize("name", RESERVED)


def inputs(name):
    return {name: torch.ones(6, 3), "B": torch.ones(6, 3)}


def widths(name):
    return {name: 3, "B": 3}


def encoders(name):
    return {m: MLP(3, (4,)) for m in (name, "B")}


def read(row):
    return {}


WHERE_NAMES_ENTER = {
    "Recipe": lambda m: Recipe({m: Modality(), "B": Modality()}),
    "MultimodalData": lambda m: MultimodalData("d", inputs(m), ZEROS, ZEROS, SPLITS, ("a",)),
    "Split": lambda m: Split(inputs(m), ZEROS, ZEROS),
    "LazyData": lambda m: LazyData("d", read, (m, "B"), ZEROS, ZEROS, SPLITS, ("a",)),
    "LazySplit": lambda m: LazySplit(read, ROWS, ZEROS, ZEROS, (m, "B")),
    "fusion": lambda m: fusion.build("film", widths(m), 2),
    "MultimodalClassifier": lambda m: MultimodalClassifier(
        encoders(m), fusion.build("film", {"A": 4, "B": 4}, 2), 2
    ),
    "build_classifier": lambda m: build_classifier(inputs(m), 2),
    "build_depth": lambda m: build_depth("early", inputs(m), 2),
    "build_alone": lambda m: build_alone(m, inputs(m), 2),
    "Unimodal": Unimodal,
}
TABLES = {
    "quick": lambda data: drive(quick.quick_comparison(data, FEW)),
    "seeds": lambda data: drive(seeds.compare_stepwise(data, FEW)),
    "over_seeds": lambda data: seeds.over_seeds(lambda seed: data, FEW, [0], jobs=1),
    "seeds_at_once": lambda data: seeds_at_once.seeds_at_once(lambda seed: data, FEW, [0]),
    "race": lambda data: drive(race.race(data, {JOINT: Method}, FEW)),
    "races": lambda data: race.races(lambda seed: data, {JOINT: Method}, FEW, [0], jobs=1),
    "film": lambda data: drive(replay.replay(data, "mine", Method(), FEW)),
    "run_scores": lambda data: run_scores(data, FEW),
}


@each_name
@pytest.mark.parametrize("entrance", WHERE_NAMES_ENTER)
def test_a_reserved_name_is_refused_where_it_enters(entrance, name):
    with pytest.raises(ValueError, match=rf"modality '{name}', which tables call a model of"):
        WHERE_NAMES_ENTER[entrance](name)


@each_name
@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_made_of_data_that_got_such_a_name_later(table, name):
    small = {"train": 12, "valid": 6, "test": 6}
    whole = generate(Recipe({"A": Modality(), "B": Modality()}, redundant=1.0, **small))
    data = copy.copy(whole)
    object.__setattr__(data, "inputs", {name: whole.inputs["A"], "B": whole.inputs["B"]})
    with pytest.raises(ValueError, match=rf"'{name}'.* which .*table"):
        TABLES[table](data)


def test_every_name_that_a_table_adds_is_reserved():
    added = {JOINT, Method.name, Ensemble.name, race.ENSEMBLE, replay.ENSEMBLE}
    added |= {quick.JOINT, quick.ENSEMBLE, seeds_at_once.JOINT, seeds_at_once.ENSEMBLE}
    assert added == set(RESERVED)


def test_the_head_of_all_modalities_keeps_its_name():
    assert OneHead().head == JOINT
