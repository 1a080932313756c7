"""What a record tells of a lesson."""

import shutil
from pathlib import Path

from coursekit.course import record
from coursekit.course.grading.record_table import COLUMNS, record_table

RECORD = Path(__file__).parents[1] / "data" / "guesses.jsonl"


def test_a_lesson_s_guesses_and_tries_and_nothing_of_another(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    shutil.copy(RECORD, tmp_path / "record.jsonl")
    record.append("guess", key="01-turn", question="Does it turn?", skipped=True)
    record.append("attempt", lesson="01", exercise="01-slope-for", outcome="not attempted")
    record.append("attempt", lesson="01", exercise="01-slope-for", outcome="correct")
    record.append("checkpoint", lesson="01", observed={"slope": 0.123456}, torch="2", coursekit="1")
    table = record_table("01").set_index("what")
    assert tuple(record_table("01").columns) == COLUMNS
    assert list(table.index) == ["How steep?", "01-slope-for", "Does it turn?", "checkpoint"]
    assert tuple(table.loc["How steep?"])[:3] == ("0.5", "0.8", "77 of 100")
    assert tuple(table.loc["01-slope-for"])[:3] == ("2 tries", "", "correct")
    assert table.loc["Does it turn?", "result"] == "skipped"
    assert table.loc["checkpoint", "answer"] == "slope 0.1235"


def test_no_record_and_a_damaged_one_are_said_to_tell_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    assert list(record_table("01")["what"]) == ["Nothing is recorded of lesson 01."]
    (tmp_path / "record.jsonl").write_text("{ cut of", encoding="utf-8")
    assert list(record_table("01")["what"]) == ["Nothing is recorded of lesson 01."]
