"""A lesson runs to its end in the language that the learner chose: no assertion reads prose.

With both languages it is run by its mutations and by nbval; here it is run with each alone.
"""

from pathlib import Path

import pytest
from mutations.runner import outcomes

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
LESSONS = ["04_conversion"]  # those that print what the course says, and assert about it


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("lesson", LESSONS)
def test_runs_to_its_end(lesson, language, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_LANGUAGE", language)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert outcomes(NOTEBOOKS / f"{lesson}.ipynb", [])["control"] == {"cell": None, "raised": None}
