"""Progress bars: none where a lesson loads a small model, unless the learner wants them; none that ends red."""

import os
from pathlib import Path

import nbclient
import nbformat
import torch
from tiny import build

from course_utils.training import finetune as tuning

ROOT = Path(__file__).parents[1]
NAME = "HF_HUB_DISABLE_PROGRESS_BARS"
FIRST = "from course_utils import checkpoint\nCHECKPOINT = checkpoint()"
LOAD = "from transformers import GPT2LMHeadModel\nmodel = GPT2LMHeadModel.from_pretrained(checkpoint())"
SAVE = "import tempfile\nmodel.save_pretrained(tempfile.mkdtemp())"
DOWNLOADS = (
    "from huggingface_hub.utils import are_progress_bars_disabled\nprint(are_progress_bars_disabled())"
)
WANTED = "from transformers.utils import logging\nlogging.enable_progress_bar()"


def outputs(*cells: str, **settings: str) -> list[list]:
    """Run cells in a kernel of their own; return what each of them shows."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    own = {name: value for name, value in os.environ.items() if name != NAME}
    nbclient.NotebookClient(notebook, timeout=300).execute(env={**own, "PYTHONPATH": str(ROOT), **settings})
    return [cell.outputs for cell in notebook.cells]


def test_a_lesson_loads_without_bars_and_the_learner_can_have_them() -> None:
    first, load, save, downloads, wanted, again = outputs(FIRST, LOAD, SAVE, DOWNLOADS, WANTED, LOAD)
    assert first == load == save == wanted == []
    assert [one.text for one in downloads] == ["False\n"]  # a download of half a gigabyte shows how far it is
    assert again != []


def test_a_setting_in_the_environment_comes_first() -> None:
    assert outputs(FIRST, LOAD, **{NAME: "0"})[1] != []


def test_a_run_that_is_to_leave_off_fills_its_bar(monkeypatch, tmp_path) -> None:
    totals = []
    real = tuning.tqdm

    def noted(**settings):
        totals.append((settings["initial"], settings["total"]))
        return real(**{**settings, "disable": True})

    monkeypatch.setattr(tuning, "tqdm", noted)
    model = build(n_positions=32)
    ids = [[1, 2, 3, 4]]
    batches = [{"input_ids": torch.tensor(ids), "labels": torch.tensor(ids)}] * 3
    tuning.finetune(model, batches, folder=tmp_path, until=2)
    tuning.finetune(build(n_positions=32), batches, folder=tmp_path)
    assert totals == [(0, 2), (2, 3)]
