"""The one form in which a notebook is stored, so that a difference in git is a difference in the course.

What differs from machine to machine or run to run is not in it: times, addresses, widget state, kernel names.
"""

import base64
import binascii
import copy
import json
import re
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

_CELL_METADATA = {"deletable", "editable", "jupyter", "slideshow", "tags"}
_WIDGETS = {"application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"}
_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,}")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_REMARKS = {b"tEXt", b"iTXt", b"zTXt", b"tIME"}


class PlaceInOutput(Exception):
    """An output names a folder of this machine: the `cell`'s id, and the `place`."""

    def __init__(self, cell: str, place: str) -> None:
        super().__init__(cell, place)
        self.cell, self.place = cell, place


def canonical(notebook: "NotebookNode", forbidden: Iterable[str] = ()) -> "NotebookNode":
    """Return the notebook in the form in which it is stored; applying it twice changes nothing more.

    Kept: cells, their ids and sources, outputs. Gone: timings, widget models, the kernel's versions, the
    pictures' remarks about what drew them. Raise PlaceInOutput if an output holds one of the `forbidden` strings
    (folders of this machine).
    """
    result = copy.deepcopy(notebook)
    result.metadata = type(notebook)(
        kernelspec={"display_name": "Python 3 (ipykernel)", "name": "python3"},
        language_info={"name": "python"},
    )
    result.nbformat, result.nbformat_minor = 4, 5
    places = tuple(forbidden)
    count = 0
    for cell in result.cells:
        cell.metadata = type(notebook)({k: v for k, v in cell.metadata.items() if k in _CELL_METADATA})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_canonical_output(output, count) for output in _joined(cell.outputs)]
            _refuse_places(cell, places)
    return result


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Join neighbouring pieces of one stream: where a kernel cuts it depends on timing."""
    result: list[Any] = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def _canonical_output(output: Any, count: int) -> Any:
    output.pop("transient", None)
    if output.output_type == "stream":
        output.text = _ADDRESS.sub(_no_address, output.text)
    elif output.output_type == "error":
        # A traceback is full of this machine's paths; its last line says what the course says about it.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    else:
        kept = {k: _canonical_data(k, v) for k, v in output.data.items() if k not in _WIDGETS}
        output.data = type(output)(kept)
        if output.output_type == "execute_result":
            output.execution_count = count
    return output


def _canonical_data(mime: str, value: Any) -> Any:
    if mime == "image/png":
        return _plain_png(value)
    if isinstance(value, str) and mime.startswith("text/"):
        return _ADDRESS.sub(_no_address, value)
    return value


def _no_address(match: re.Match[str]) -> str:
    """Zeros of the same length: it still looks like an address, to people and to the sanitize file."""
    return "0x" + "0" * (len(match[0]) - 2)


def _plain_png(encoded: str) -> str:
    """Drop the text and time chunks (what drew it, and when) of a base64 PNG; leave anything else alone."""
    try:
        data = base64.b64decode(encoded, validate=False)
    except (binascii.Error, ValueError):
        return encoded
    if not data.startswith(_PNG_SIGNATURE):
        return encoded
    kept, at = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        end = at + 12 + length
        if end > len(data):
            return encoded
        if data[at + 4 : at + 8] not in _PNG_REMARKS:
            kept.append(data[at:end])
        at = end
    # One line, without the newline at its end that some encoders add.
    return base64.b64encode(b"".join(kept)).decode("ascii")


def _refuse_places(cell: Any, places: Sequence[str]) -> None:
    text = json.dumps(cell.outputs, ensure_ascii=False)
    for place in places:
        if json.dumps(place, ensure_ascii=False)[1:-1] in text:
            raise PlaceInOutput(cell.get("id", "?"), place)


def text(notebook: "NotebookNode") -> str:
    """Return the notebook as it stands on disk: JSON, indented by one, not escaped, with a last newline."""
    import nbformat

    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"
