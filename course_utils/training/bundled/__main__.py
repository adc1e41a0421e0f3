"""Make the bundled model: corpus, tokenizer, weights. `python -m course_utils.training.bundled --help`

npm pack chinese-poetry@2.0.1
python -m course_utils.training.bundled train --verse chinese-poetry-2.0.1.tgz --work build --minutes 60
python -m course_utils.training.bundled install --work build
python -m course_utils.training.bundled evaluate --verse chinese-poetry-2.0.1.tgz
python -m course_utils.training.bundled curve images/training-loss.png
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from ...checkpoints import BUNDLED
from . import corpus
from .train import Recipe, Run, install


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.training.bundled",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train, or go on training")
    _ask_for_verse(train)
    train.add_argument("--work", type=Path, required=True, help="where the run keeps its files")
    train.add_argument("--minutes", type=float, help="a time budget: the schedule ends with it")
    train.add_argument(
        "--no-compile", action="store_true", help="do not compile the step: slower, needs no compiler"
    )
    for name, value in asdict(Recipe()).items():
        train.add_argument(
            f"--{name.replace('_', '-')}", type=type(value), default=value, help=f"default: {value}"
        )
    put = commands.add_parser("install", help="copy a trained model into the package")
    put.add_argument("--work", type=Path, required=True)
    evaluate = commands.add_parser("evaluate", help="print the table of measures")
    _ask_for_verse(evaluate)
    evaluate.add_argument("--model", type=Path, default=BUNDLED)
    evaluate.add_argument(
        "--scale", type=float, default=1.0, help="part of the samples to use (default: all)"
    )
    curve = commands.add_parser("curve", help="draw the loss of the bundled model's training")
    curve.add_argument("picture", type=Path, help="the file to write")
    curve.add_argument("--log", type=Path, default=BUNDLED / "training_log.json")
    args = parser.parse_args(argv)
    if args.command == "train":
        args.work.mkdir(parents=True, exist_ok=True)
        recipe = Recipe(**{name: getattr(args, name) for name in asdict(Recipe())})
        Run(recipe, args.work, corpus.poems(args.verse, recipe.seed)["train"], args.minutes).train(
            compiled=not args.no_compile
        )
    elif args.command == "install":
        install(args.work)
    elif args.command == "curve":
        from .curve import draw

        draw(args.log, args.picture)
    else:
        from .report import report

        print(report(args.model, args.verse, args.scale))
    return 0


def _ask_for_verse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verse", type=Path, required=True, help="the npm package chinese-poetry 2.0.1, packed or unpacked"
    )


if __name__ == "__main__":
    raise SystemExit(main())
