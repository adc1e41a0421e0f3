"""Tang verse for the corpus: read from `chinese-poetry`, cleaned, spelt as in Taiwan, written as text.

Of the Complete Tang Poems, a poem is kept if it has 4 or 8 lines, all of 5 or all of 7 characters, and a
short title. The variants of the source (爲, 裏, …) become Taiwan's standard forms by the table in `forms.tsv`.
"""

import hashlib
import json
import re
import tarfile
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

LENGTHS = (5, 7)
"""Characters in a line."""
COUNTS = (4, 8)
"""Lines in a poem: a quatrain or an octave."""
LONGEST_TITLE = 16
"""Characters that a title may have; poems whose cleaned title is longer are left out."""
SHARES = {"train": 0.94, "validation": 0.02, "test": 0.04}

# The blocks of Chinese characters; private characters, marks of lost text and all other signs fall outside.
_HAN = "\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U000323af"
_LINE = re.compile(f"[{_HAN}]+")
_TITLE = re.compile(f"[{_HAN}]+(?:·[{_HAN}]+)*")
_STOPS = re.compile("[，。？！；]")
_COLLECTION = re.compile(r"quantangshi/poet\.tang\.(\d+)\.json$")
_BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)|\[[^\[\]]*\]|〖[^〖〗]*〗|\{[^{}]*\}")
_NUMBER = "[一二三四五六七八九十百千零○〇]+"
_PART = re.compile(f"(?<=.)(?: +其?{_NUMBER}| +其{_NUMBER} *.*|其{_NUMBER})$")
_HOW_MANY = re.compile(f"(?<=.){_NUMBER}首$")
_FRAGMENTS = ("句", "殘句", "斷句", "逸句", "佚句")


@dataclass(frozen=True)
class Poem:
    """A poem: its title, and its lines without punctuation."""

    title: str
    lines: tuple[str, ...]

    @property
    def form(self) -> str:
        """Characters in a line × lines, such as `"5x4"`."""
        return f"{len(self.lines[0])}x{len(self.lines)}"


@cache
def forms() -> dict[int, str]:
    """The reviewed table of variant → standard form, as `str.translate` wants it."""
    rows = files(__package__).joinpath("forms.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (row.split("\t")[:2] for row in rows if row and not row.startswith("#"))
    return {ord(variant): standard for variant, standard in pairs}


def standard(text: str) -> str:
    """`text` in Taiwan's standard character forms; compatibility characters become the unified ones."""
    return unicodedata.normalize("NFC", text).translate(forms())


def clean_title(raw: str) -> str | None:
    """The title without notes in brackets and numbers of parts; None if no short, sound title is left.

    "帝京篇十首 二" becomes "帝京篇", "嘉禾百詠 谷水" becomes "嘉禾百詠·谷水".
    """
    title, removed = standard(raw).strip(), 1
    while removed:  # brackets stand in brackets
        title, removed = _BRACKETS.subn("", title)
    title = re.sub("[《》〈〉「」『』]", "", title).strip()
    title = _PART.sub("", title).strip()
    title = "·".join(_HOW_MANY.sub("", part) for part in title.split())
    sound = _TITLE.fullmatch(title) and len(title) <= LONGEST_TITLE and title.split("·")[0] not in _FRAGMENTS
    return title if sound else None


def is_regular(lines: tuple[str, ...]) -> bool:
    """Return whether there are 4 or 8 lines, all of 5 or all of 7 Chinese characters."""
    lengths = set(map(len, lines))
    if len(lines) not in COUNTS or len(lengths) != 1 or not lengths <= set(LENGTHS):
        return False
    return all(map(_LINE.fullmatch, lines))


def poem(title: str, paragraphs: Iterable[str]) -> Poem | None:
    """The poem of a record in the source, or None if its form, its characters or its title do not serve."""
    pieces = tuple(filter(None, _STOPS.split("".join(paragraphs))))
    if len(pieces) not in COUNTS:
        return None
    lines = tuple(map(standard, pieces))
    name = clean_title(title) if is_regular(lines) else None
    return Poem(name, lines) if name else None


def poems(source: str | Path) -> Iterator[Poem]:
    """The poems in `source` (the npm tarball or the folder it unpacks to), each text once, in a stable order.

    Raises FileNotFoundError if `source` holds no collection `quantangshi/poet.tang.*.json`.
    """
    seen: set[tuple[str, ...]] = set()
    for record in _records(Path(source)):
        found = poem(record["title"], record["paragraphs"])
        if found and found.lines not in seen:
            seen.add(found.lines)
            yield found


def _records(source: Path) -> Iterator[dict]:
    """The records of all collections of Tang verse, by number."""
    collections = dict(_folder(source) if source.is_dir() else _tarball(source))
    if not collections:
        raise FileNotFoundError(f"no quantangshi/poet.tang.*.json in {source}")
    for key in sorted(collections):
        yield from json.loads(collections.pop(key))


def _key(name: str) -> int | None:
    match = _COLLECTION.search(name)
    return int(match[1]) if match else None


def _folder(folder: Path) -> Iterator[tuple[int, bytes]]:
    for path in folder.rglob("poet.tang.*.json"):
        if (key := _key(path.as_posix())) is not None:
            yield key, path.read_bytes()


def _tarball(path: Path) -> Iterator[tuple[int, bytes]]:
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            if (key := _key(member.name)) is not None and (file := archive.extractfile(member)) is not None:
                yield key, file.read()


def text(poem: Poem) -> str:
    """`poem` as the model reads it: 《title》, then a couplet a row, its lines ended by ， and by 。."""
    rows = (f"{first}，{second}。" for first, second in zip(poem.lines[::2], poem.lines[1::2], strict=True))
    return "\n".join((f"《{poem.title}》", *rows))


_ROW = re.compile(f"([{_HAN}]+)，([{_HAN}]+)。")


def parse(written: str) -> Poem | None:
    """The poem that `text` writes as `written`; None for any other form, punctuation or stray sign."""
    head, *rows = written.split("\n")
    couplets = [found for row in rows if (found := _ROW.fullmatch(row))]
    title = head[1:-1]
    if head != f"《{title}》" or not _TITLE.fullmatch(title) or len(couplets) < len(rows):
        return None
    lines = tuple(line for couplet in couplets for line in couplet.groups())
    return Poem(title, lines) if is_regular(lines) else None


def splits(all_poems: Iterable[Poem], seed: int = 0) -> dict[str, list[Poem]]:
    """`all_poems` in the parts of `SHARES`: about 94, 2 and 4 %, by a hash of `seed` and the title.

    All poems of one title go together. A held-out poem that has half of its lines or more in a part before it
    is another version of a poem there, and is left out; single lines may recur, as they do in verse.
    """
    parts: dict[str, list[Poem]] = {name: [] for name in SHARES}
    for one in all_poems:
        parts[_part(one.title, seed)].append(one)
    known: set[str] = set()
    for name, members in parts.items():
        if name != "train":
            members[:] = [one for one in members if 2 * len(known.intersection(one.lines)) < len(one.lines)]
        known.update(line for one in members for line in one.lines)
    return parts


def _part(title: str, seed: int) -> str:
    digest = hashlib.sha256(f"{seed}\t{title}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    for name, share in SHARES.items():
        point -= share
        if point < 0:
            return name
    return name
