"""Make the font that the course draws with: Noto Sans TC, cut down to the characters that it can need.

    python -m course_utils.training.bundled.fonts NotoSansTC_400Regular.ttf NotoSansSC_400Regular.ttf HanaMinB.ttf

Run it again when the bundled tokenizer changes. The sources are `400Regular/*.ttf` of the npm packages
`@expo-google-fonts/noto-sans-tc` and `noto-sans-sc`, both 0.4.3 (SIL Open Font License 1.1, which reserves
only the name "Source", so the subset keeps its own name), and Hanazono Mincho B of Debian's `fonts-hanazono`. Each
gives what those before it lack: the later ones have the rare characters of old verse. The same input gives the same
bytes.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

from ...insight.labels import byte_alphabet
from ...place import ASSETS

OUTPUT = ASSETS / "fonts" / "NotoSansTC-Subset.ttf"
TOKENIZER = ASSETS / "model" / "tokenizer.json"

# Hinting, and tables for vertical and typographic setting, none of which matplotlib uses here.
_DROPPED = ("BASE", "DSIG", "GDEF", "GPOS", "GSUB", "STAT", "VORG", "vhea", "vmtx", "gasp", "prep")

# These are as wide as a Chinese character here, which tears "don’t" apart; DejaVu Sans draws them.
_TOO_WIDE = "·‘’“”"


def base_characters() -> set[str]:
    """Return what the font always holds: Latin-1, and the symbols and everyday characters of Big5."""
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))}
    return latin | _big5(0xA1, 0xC6) | set("–—…•′″→←↑↓⇄×÷≈≠≤≥−␣⏎●○■□▲△★☆")


def tokenizer_characters(tokenizer_json: Path) -> set[str]:
    """Return every character that one token of a byte-level tokenizer holds whole."""
    document = json.loads(tokenizer_json.read_text(encoding="utf-8"))
    added = {entry["content"] for entry in document.get("added_tokens", [])}
    pieces = (piece for piece in document["model"]["vocab"] if piece not in added)
    alphabet = byte_alphabet()
    texts = (bytes(alphabet[char] for char in piece).decode("utf-8", "ignore") for piece in pieces)
    return set().union(*texts, *added)


def subset(sources: Sequence[Path], output: Path, characters: Iterable[str]) -> set[str]:
    """Write a font with the TrueType outlines of `characters`; return those that no source can draw.

    Each source gives what those before it lack; the first one gives the names and measures;
    what it gives is scaled to the units of the first.
    """
    missing = {char for char in characters if char.isprintable() and char not in _TOO_WIDE}
    font = None
    for source in sources:
        part = TTFont(source, recalcTimestamp=False)
        found = {char for char in missing if ord(char) in part.getBestCmap()}
        if font is None or found:
            _reduce(part, found)
            font = part if font is None else _add(font, part)
        missing -= found
    assert font is not None, "there must be a source"
    output.parent.mkdir(parents=True, exist_ok=True)
    font.save(output)
    return missing


def _reduce(font: TTFont, characters: set[str]) -> None:
    subsetter = Subsetter(_options())
    subsetter.populate(unicodes=sorted(map(ord, characters)))
    subsetter.subset(font)


def _add(font: TTFont, other: TTFont) -> TTFont:
    """Give `font` the characters of `other`, each under a name of its own, and return it."""
    if font["head"].unitsPerEm != other["head"].unitsPerEm:
        scale_upem(other, font["head"].unitsPerEm)
    _allow_rare(font)
    for code, name in sorted(other.getBestCmap().items()):
        glyph = other["glyf"][name]
        if glyph.isComposite():
            raise ValueError(f"U+{code:04X} is put together from other glyphs, which this does not follow")
        own = f"u{code:04X}"
        font["glyf"][own] = glyph
        font["hmtx"][own] = other["hmtx"][name]
        for table in font["cmap"].tables:
            if table.isUnicode() and (code <= 0xFFFF or table.format == 12):
                table.cmap[code] = own
    return font


def _allow_rare(font: TTFont) -> None:
    """Give the font a table for characters above U+FFFF, if it has none."""
    if not any(table.format == 12 for table in font["cmap"].tables):
        wide = CmapSubtable.newSubtable(12)
        wide.platformID, wide.platEncID, wide.language, wide.cmap = 3, 10, 0, dict(font.getBestCmap())
        font["cmap"].tables.append(wide)


def _options() -> Options:
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += _DROPPED
    return options


def _big5(first: int, last: int) -> set[str]:
    """Return the characters of the Big5 rows from `first` to `last`; 0xA1 to 0xC6 hold the common ones."""
    cells = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    codes = (bytes((row, cell)) for row in range(first, last + 1) for cell in cells)
    return {char for code in codes for char in code.decode("big5", "ignore")}


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, write the subset, and say what it holds."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.training.bundled.fonts", description=__doc__
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("sources", type=Path, nargs="+", help="TrueType fonts, the first one first")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER, help="default: the bundled one's")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    chosen = parser.parse_args(arguments)
    characters = base_characters()
    if chosen.tokenizer.exists():
        characters |= tokenizer_characters(chosen.tokenizer)
    else:
        print(f"No tokenizer at {chosen.tokenizer}: only the base characters go in.")
    missing = subset(chosen.sources, chosen.output, characters)
    size = chosen.output.stat().st_size
    print(f"{chosen.output.name}: {len(characters) - len(missing)} characters, {size:,} bytes")
    if missing:
        print("in none of the sources:", " ".join(sorted(missing)))


if __name__ == "__main__":
    main()
