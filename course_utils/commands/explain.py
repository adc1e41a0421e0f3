"""`python -m course_utils explain`: say what a warning or an error means, given as an argument or pasted."""

import sys
from collections.abc import Sequence

from ..explain import decoded, explain
from ..explanations import CATALOGUE
from ..texts import Bilingual
from .commandline import Parser

_OPTIONS = {"-h", "--help", "--list", "--"}
_PASTE = Bilingual(
    "Paste the message, then press Ctrl-D on a line of its own (on Windows, Ctrl-Z and Enter).",
    "貼上訊息，再另起一行按 Ctrl-D（Windows 上按 Ctrl-Z 再按 Enter）。",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Explain the message given, or standard input; return 1 if the catalogue does not know it, else 0."""
    parser = _parser()
    words = list(sys.argv[1:] if argv is None else argv)
    # Without one of the options all is text, also where it begins with a dash, as IPython's tracebacks do.
    options = parser.parse_args(words if _OPTIONS.intersection(words) else ["--", *words])
    if options.list:
        print("\n".join(f"{entry.slug}\n    {entry.title}" for entry in CATALOGUE))
        return 0
    text = " ".join(options.message) if options.message else _standard_input()
    if not text.strip():
        parser.print_help()
        return 2
    found = explain(text)
    print(found)
    return int(not found)


def _parser() -> Parser:
    parser = Parser(
        "explain",
        Bilingual(
            "Say what a warning or an error means, whether it matters, and what to do. Without a message, standard "
            "input is read: paste there, or send a log.",
            "說明一則警告或錯誤的意思、會不會影響結果，以及該怎麼做。沒有指定訊息時會讀取標準輸入，可以貼上訊息，或送入一份紀錄。",
        ),
    )
    parser.add_argument(
        "message",
        nargs="*",
        help=Bilingual(
            "the message, in quotation marks, or the name of an entry", "加上引號的訊息，或項目的名稱"
        ),
    )
    parser.add_argument("--list", action="store_true", help=Bilingual("list every entry", "列出所有項目"))
    return parser


def _standard_input() -> str:
    """Read it to its end. A terminal is asked to paste: in an argument, backticks are commands."""
    stream = sys.stdin
    if stream is None or stream.closed:
        return ""
    if stream.isatty():
        print(_PASTE, file=sys.stderr)
    if hasattr(stream, "buffer"):
        return decoded(stream.buffer.read())
    return stream.read()
