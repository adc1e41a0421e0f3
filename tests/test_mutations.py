"""The assertions bite: each listed change turns its cell red; and the engine that says so is itself tested.

Each notebook runs once, for all its mutations; conftest.py gives the notebooks to different workers. They run here for
a learner who chose Chinese; nbval runs them in both languages, and the browser in English.
"""

import functools
import importlib
import json
import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from mutations import Mutation
from mutations.runner import code_cells, misfit, outcomes, verdict

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parent / "notebooks"
LISTS = [
    importlib.import_module(f"mutations.{path.stem}") for path in sorted((HERE / "mutations").glob("nb*.py"))
]


def plain(mutation: Mutation) -> dict:
    """The mutation as the runner takes it."""
    return {**asdict(mutation), "red": mutation.red_cell}


def test_every_notebook_has_its_list():
    named = [module.NOTEBOOK for module in LISTS]
    assert sorted(named) == sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    for module in LISTS:
        names = [mutation.name for mutation in module.MUTATIONS]
        assert names, f"{module.__name__}: no mutation at all"
        assert len(set(names)) == len(names), f"{module.__name__}: a name stands twice"


def strange(printed: str, shown: list[str]) -> list[str]:
    """The lines that a cell printed, or showed as its result, which are no part of its stored ones."""
    lines = (re.sub(r"^Out\[\d+\]: ", "", line) for line in printed.splitlines())
    known = [forgiven(line) for line in shown]
    return [line for line in lines if not any(forgiven(line) in whole for whole in known)]


def forgiven(text: str) -> str:
    """The text with its measured numbers left out, as nbval compares it."""
    return re.sub(r"≈ -?[0-9][0-9.,]*(?:e[+-]?[0-9]+)?", "≈ NUMBER", text)


def chosen(module) -> list[Mutation]:
    """The mutations of a list that run: the slow ones only when they are asked for."""
    return [one for one in module.MUTATIONS if not one.slow or os.environ.get("COURSE_TEST_FULL")]


@pytest.fixture(scope="session")
def results_of():
    """A function from a list of mutations to what became of them and of the unchanged notebook, run once."""

    @functools.cache
    def results(module) -> dict:
        return outcomes(NOTEBOOKS / module.NOTEBOOK, [plain(one) for one in chosen(module)], "zh")

    return results


def cells_of(module) -> list[dict]:
    """The code cells of the notebook that a list is about."""
    return code_cells(NOTEBOOKS / module.NOTEBOOK)


def name_of(module) -> str:
    """nb00, nb01, …"""
    return module.__name__.rpartition(".")[2]


each_notebook = pytest.mark.parametrize("module", LISTS, ids=name_of)
each_mutation = pytest.mark.parametrize(
    ("module", "mutation"),
    [
        pytest.param(module, one, id=f"{name_of(module)}-{one.name}")
        for module in LISTS
        for one in chosen(module)
    ],
)


@each_notebook
def test_unmutated_is_green(module, results_of):
    assert results_of(module)["control"] == {"cell": None, "raised": None}


@each_notebook
def test_what_it_prints_in_chinese_is_part_of_what_it_prints_in_both(module, results_of):
    stored = {cell["id"]: cell["shown"] for cell in cells_of(module)}
    new = {name: strange(text, stored[name]) for name, text in results_of(module)["printed"].items()}
    assert {name: lines for name, lines in new.items() if lines} == {}


@each_notebook
def test_each_fits_the_text(module):
    wrong = {one.name: misfit(plain(one), cells_of(module)) for one in module.MUTATIONS}
    assert not any(wrong.values()), wrong


@each_mutation
def test_bites(module, mutation, results_of):
    wrong = misfit(plain(mutation), cells_of(module))
    assert not wrong, wrong
    wrong = verdict(plain(mutation), results_of(module)["mutations"].get(mutation.name))
    assert not wrong, wrong


CELLS = {
    "numbers": "x = [1, 2, 3]\nx[-1]",
    "total": "total = sum(x)\nassert len(x) == 3",
    "claim": "assert total == 6, total",
    "wrong-key": "{}['missing']",
    "loose": "y = 5\nassert y > 0",
}
KEY_ERROR = {"output_type": "error", "ename": "KeyError", "evalue": "'missing'", "traceback": []}
CASES = [  # (mutation, part of the verdict; "" if it must bite)
    (Mutation("here", "claim", "== 6", "== 7"), ""),
    (Mutation("later", "numbers", "2, 3", "2, 4", red="claim"), ""),
    (Mutation("earlier", "numbers", ", 3", "", red="claim"), "AssertionError in cell `total`"),
    (Mutation("toothless", "loose", "y = 5", "y = 6"), "does not bite"),
    (Mutation("other-error", "claim", "total == 6", "missing == 6"), "NameError in cell `claim`"),
    (Mutation("named-error", "claim", "total == 6", "missing == 6", raises="NameError"), ""),
    (Mutation("no-syntax", "claim", "assert", "assert ("), "SyntaxError"),
    (Mutation("kept-promise", "wrong-key", "{}", "dict()"), "does not bite"),
    (Mutation("broken-promise", "wrong-key", "{}", "{'missing': 1}", raises="DidNotRaise"), ""),
    (Mutation("exit", "loose", "y = 5", "import os; os._exit(3)"), "Crash"),
]


class TestEngine:
    @pytest.fixture(scope="class")
    @classmethod
    def path(cls, tmp_path_factory):
        path = tmp_path_factory.mktemp("engine") / "sample.ipynb"
        cells = [
            {
                "cell_type": "code",
                "id": own,
                "source": text.splitlines(keepends=True),
                "outputs": [],
                "metadata": {},
            }
            for own, text in CELLS.items()
        ]
        cells[3].update(metadata={"tags": ["raises-exception"]}, outputs=[KEY_ERROR])
        path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
        return path

    @pytest.fixture(scope="class")
    @classmethod
    def results(cls, path):
        return outcomes(path, [plain(mutation) for mutation, _ in CASES])

    def test_control(self, results):
        assert results["control"] == {"cell": None, "raised": None}

    @pytest.mark.parametrize(("mutation", "expected"), CASES, ids=[mutation.name for mutation, _ in CASES])
    def test_verdict(self, mutation, expected, results):
        said = verdict(plain(mutation), results["mutations"].get(mutation.name))
        assert (expected in said) if expected else said == ""

    def test_without_forking(self, path, results, monkeypatch):
        monkeypatch.setattr("mutations.runner.sys.platform", "win32")
        few = [plain(mutation) for mutation, _ in CASES[1:3]]
        found = outcomes(path, few)
        assert found["control"] == results["control"]
        assert found["mutations"] == {m["name"]: results["mutations"][m["name"]] for m in few}

    def test_red_control_is_reported(self, path):
        broken = path.with_name("broken.ipynb")
        broken.write_text(
            path.read_text(encoding="utf-8").replace("total == 6", "total == 60"), encoding="utf-8"
        )
        found = outcomes(broken, [plain(Mutation("after", "loose", "y = 5", "y = 6"))])
        assert found["control"] == {"cell": "claim", "raised": "AssertionError"}
        assert "never reached" in verdict(plain(CASES[3][0]), found["mutations"].get("after"))

    @pytest.mark.parametrize(
        ("mutation", "expected"),
        [
            (Mutation("fits", "claim", "total", "x"), "2 times"),
            (Mutation("absent", "claim", "nowhere", "x"), "0 times"),
            (Mutation("no-cell", "nowhere", "x", "y"), "no code cell"),
            (Mutation("backwards", "claim", "== 6", "== 7", red="total"), "before"),
            (Mutation("right", "claim", "== 6", "== 7"), ""),
        ],
        ids=lambda value: getattr(value, "name", None),
    )
    def test_misfit(self, path, mutation, expected):
        said = misfit(plain(mutation), code_cells(path))
        assert (expected in said) if expected else said == ""
