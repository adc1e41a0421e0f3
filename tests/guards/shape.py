"""Guards over the shape of a notebook: names, lengths, order, rhythm."""

import json
import re
import statistics
from functools import cache
from pathlib import Path

from .reading import FENCE, INLINE_CODE, LINK, code_cells, name, prose_cells, source, without_fences

LONGEST, MEDIAN = 25, 5
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
RANDOM = re.compile(r"(?=.*\d)[0-9a-f]{6,}(?:-[0-9a-f]+)*")


def cell_ids(notebook: dict) -> list[str]:
    """Cells are named by meaningful slugs, each once: findings and mutations call them by these names."""
    found, seen = [], set()
    for position, cell in enumerate(notebook["cells"]):
        own = cell.get("id", "")
        if not SLUG.fullmatch(own) or RANDOM.fullmatch(own) or not re.search(r"[a-z]{2}", own):
            found.append(f"cell {position} (id `{own}`): give it a meaningful id such as `wte-lookup`")
        if own in seen:
            found.append(f"cell {position} (id `{own}`): this id is taken; give it another")
        seen.add(own)
    return found


def opening(notebook: dict) -> list[str]:
    """The notebook begins with its title, then the code cell `setup`, which chooses checkpoint and
    language."""
    cells, found = notebook["cells"], []
    if not cells or cells[0]["cell_type"] != "markdown" or not re.match(r"# \S", source(cells[0])):
        found.append("first cell: begin with a Markdown cell whose first line is the title, `# …`")
    setup = cells[1] if len(cells) > 1 else {}
    if setup.get("cell_type") != "code" or setup.get("id") != "setup":
        found.append("second cell: make it the code cell `setup`")
    elif not ("checkpoint(" in source(setup) and source(setup).strip().endswith("language_switch()")):
        found.append(f"{name(setup)}: it calls checkpoint() and ends with language_switch()")
    titles = [
        cell for cell in prose_cells(notebook) if re.search(r"^# \S", FENCE.sub("", source(cell)), re.M)
    ]
    found += [f"{name(cell)}: a second title; use ## and below" for cell in titles[1:]]
    return found


def code_length(notebook: dict) -> list[str]:
    """At most 25 lines a code cell, and a median of at most 5 (lines that are not empty)."""
    cells = code_cells(notebook)
    lengths = [sum(1 for line in source(cell).splitlines() if line.strip()) for cell in cells]
    found = [
        f"{name(cell)}: {length} lines of code, at most {LONGEST}; split it or move what distracts to course_utils"
        for cell, length in zip(cells, lengths)
        if length > LONGEST
    ]
    if lengths and statistics.median(lengths) > MEDIAN:
        found.append(
            f"notebook: the median code cell has {statistics.median(lengths):g} lines, at most {MEDIAN}; "
            "split cells"
        )
    return found


def prose_between(notebook: dict) -> list[str]:
    """Prose between any two code cells; no cell is empty."""
    cells = notebook["cells"]
    found = [f"{name(cell)}: it is empty; drop it" for cell in cells if not source(cell).strip()]
    for before, after in zip(cells, cells[1:]):
        if before["cell_type"] == after["cell_type"] == "code":
            found.append(
                f"{name(after)}: it follows the code cell `{before.get('id')}`; put prose between them"
            )
    return found


NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def links(notebook: dict) -> list[str]:
    """A relative link leads to a file of the course and, with `#cell-id=`, to a cell that is there."""
    return [
        f"{name(cell)}: the link `{target}` leads nowhere; mend the file's name or the cell's id"
        for cell in prose_cells(notebook)
        for _, target in LINK.findall(INLINE_CODE.sub("", without_fences(source(cell))))
        if not re.match(r"https?://", target) and not _is_there(target)
    ]


@cache
def _is_there(target: str) -> bool:
    path, _, fragment = target.partition("#")
    file = NOTEBOOKS / path
    if not path or not file.is_file():
        return False
    if not fragment:
        return True
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"] if file.suffix == ".ipynb" else []
    return fragment in {f"cell-id={cell['id']}" for cell in cells}
