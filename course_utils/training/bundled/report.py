"""The table of measures of the bundled model, on held-out data, with settings fixed here.

python -m course_utils.training.bundled evaluate --verse chinese-poetry-2.0.1.tgz
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import torch
from tqdm.auto import tqdm

from ...world import Story
from ...world.stories import LANGUAGES
from . import corpus, measures, verse
from .baselines import AddOne, KneserNey, Rhymes
from .measures import Subject

SEED = 20_260_701  # of held-out stories and of all sampling
TRAINING_SEED = 7  # of the stories that the 5-gram is trained on
SPLIT_SEED = 0  # of the verse's splits, as in the recipe
TOP_P = 0.95  # with temperature 1 and no top_k
DISTANCE = 20
STORIES = 1000  # of each language: weighed, and used as prompts
POOL = 2000  # stories of each language searched for cloze probes
PROBES = 200  # of each kind and language, as far as the pool has them; pronouns are the rarest
CHOICES = 500  # of each language
FIVE_GRAM_STORIES = 5000  # of each language
POEMS = 500  # sampled
HELD_OUT_POEMS = 2000

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Task:
    """What is measured: the model, held-out stories by language, the poems of each split, and the scale."""

    folder: Path
    subject: Subject
    stories: dict[str, list[Story]]
    poems: dict[str, list[str]]
    scale: float

    def some(self, count: int) -> int:
        """`count`, scaled."""
        return scaled(count, self.scale)


def report(model_dir: Path, verse: Path, scale: float = 1.0) -> str:
    """Measure the model in `model_dir`; return a Markdown table: measure, to reach, reached, n.

    `verse`: the npm package chinese-poetry, packed or unpacked. `scale` < 1 takes this part of the samples,
    for a quick look; figures to be quoted need all of them.
    """
    stages: tuple[Callable[[Task], list[Row]], ...] = (
        speed,
        story_likelihood,
        sampled_stories,
        cloze,
        choices,
        poems,
        verse_perplexity,
        byte_tokens,
    )
    rows: list[Row] = []
    with tqdm(total=len(stages) + 1, desc="evaluate") as bar:
        task = prepare(Path(model_dir), Path(verse), scale)
        bar.update()
        for stage in stages:
            with torch.random.fork_rng():
                torch.manual_seed(SEED)
                rows += stage(task)
            bar.update()
    return table(rows, scale)


def prepare(folder: Path, source: Path, scale: float) -> Task:
    """Load the model and draw the held-out data."""
    stories = {language: held_out(language, scaled(POOL, scale)) for language in LANGUAGES}
    return Task(folder, Subject.load(folder), stories, corpus.poems(source, SPLIT_SEED), scale)


def scaled(count: int, scale: float) -> int:
    return max(10, round(count * scale))


def held_out(language: str, count: int) -> list[Story]:
    """Stories of the test split."""
    stories = islice(corpus.stories(language, "test", SEED), count)
    return list(tqdm(stories, total=count, desc=f"held-out stories ({language})", leave=False))


def table(rows: list[Row], scale: float) -> str:
    """The rows as a Markdown table."""
    reached = "reached" if scale == 1 else f"reached (scale {scale:g})"
    lines = [("measure", "to reach", reached, "n"), ("---",) * 4, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def per_language(measure: Callable[[str], str]) -> str:
    """`measure` of each language, side by side."""
    return ", ".join(f"{language} {measure(language)}" for language in LANGUAGES)


def percent(part: float, digits: int = 1) -> str:
    return f"{100 * part:.{digits}f} %"


def story_likelihood(task: Task) -> list[Row]:
    count = task.some(STORIES)

    def one(language: str) -> str:
        ours, true = measures.story_costs(task.subject, task.stories[language][:count])
        return f"{ours / true:.3f} ({ours:.2f} / {true:.2f} nats)"

    return [
        (
            "stories: the model's mean negative log-likelihood ÷ the grammar's own, given the first token",
            "≤ 1.03",
            per_language(one),
            f"{count} each",
        )
    ]


def sampled_stories(task: Task) -> list[Row]:
    count = task.some(STORIES)
    prompts = {
        language: [measures.opening(story) for story in task.stories[language][:count]]
        for language in LANGUAGES
    }
    told = {language: task.subject.continuations(begun, TOP_P) for language, begun in prompts.items()}
    good = {language: sum(measures.valid(texts)) / count for language, texts in told.items()}
    distinct = {language: len(set(texts)) / count for language, texts in told.items()}
    return [
        (
            "sampled stories (top_p 0.95) that are sentences of the grammar",
            "≥ 95 %",
            per_language(lambda language: percent(good[language])),
            f"{count} each",
        ),
        (
            "distinct stories among them",
            "≥ 99 %",
            per_language(lambda language: percent(distinct[language])),
            f"{count} each",
        ),
    ]


def cloze(task: Task) -> list[Row]:
    scores = {
        language: measures.right(
            task.subject, measures.probes(task.subject, task.stories[language], task.some(PROBES), DISTANCE)
        )
        for language in LANGUAGES
    }
    rows = []
    for kind in ("all", *measures.KINDS):
        kinds = measures.KINDS if kind == "all" else (kind,)
        hits = {lang: [sum(score[k][i] for k in kinds) for i in (0, 1)] for lang, score in scores.items()}
        shares = ", ".join(f"{lang} {percent(h / n) if n else '–'}" for lang, (h, n) in hits.items())
        name = f"cloze probes, last mention ≥ {DISTANCE} tokens back" if kind == "all" else f"cloze: {kind}"
        rows.append(
            (
                name,
                "≥ 99 %" if kind == "all" else "reported",
                shares,
                ", ".join(f"{lang} {n}" for lang, (_, n) in hits.items()),
            )
        )
    return rows


def choices(task: Task) -> list[Row]:
    count, trained = task.some(CHOICES), task.some(FIVE_GRAM_STORIES)

    def one(language: str) -> str:
        rng = Random(f"{SEED}-{language}")
        points = measures.choice_points(task.subject, task.stories[language], count, rng)
        ours, theirs = measures.divergences(task.subject, points, five_gram(task.subject, language, trained))
        return f"{ours:.4f} / {theirs:.3f} nats, {theirs / ours:.0f} × smaller"

    return [
        (
            f"choice points: mean divergence from the truth, model / add-one 5-gram of {trained} stories",
            "≥ 10 × smaller",
            per_language(one),
            f"{count} each",
        )
    ]


def five_gram(subject: Subject, language: str, count: int) -> AddOne:
    """The add-one 5-gram over tokens, trained on stories of the training split."""
    stories = islice(corpus.stories(language, "train", TRAINING_SEED), count)
    return AddOne((subject.ids(story.text) for story in stories), len(subject.tokenizer), subject.end)


def poems(task: Task) -> list[Row]:
    """Form, copying and rhyme of sampled poems; one that never ends has the wrong form, and is left there."""
    titles = list(dict.fromkeys(map(measures.title_of, task.poems["test"])))[: task.some(POEMS)]
    made = [text for text in task.subject.continuations(titles, TOP_P) if text is not None]
    good = [poem.lines for poem in map(verse.parse, made) if poem]
    n = len(titles)
    return [
        ("sampled poems from unseen titles: right form", "≥ 95 %", percent(len(good) / n), str(n)),
        copied(task, made),
        rhyming(task, good),
    ]


def copied(task: Task, made: list[str]) -> Row:
    known = {line for text in task.poems["train"] for line in measures.lines_of(text)}
    ours = [line in known for text in made for line in measures.lines_of(text)]
    theirs = [line in known for text in task.poems["test"] for line in measures.lines_of(text)]
    return (
        "their lines found word for word in the training poems / the same of held-out poems' lines",
        "≤ 5 %",
        f"{percent(sum(ours) / max(len(ours), 1))} / {percent(sum(theirs) / len(theirs))}",
        f"{len(ours)} / {len(theirs)} lines",
    )


def rhyming(task: Task, good: list[tuple[str, ...]]) -> Row:
    """Beside the corpus's rate stands what chance would give: the held-out even lines, dealt out anew."""
    rhymes = Rhymes(map(measures.lines_of, task.poems["train"]))
    real = [measures.lines_of(text) for text in task.poems["test"]]
    lines = [line for poem in real for line in poem[1::2]]
    Random(SEED).shuffle(lines)
    ours, n = rhymes.rate(good)
    held, m = rhymes.rate(real)
    dealt = zip(lines[::2], lines[1::2], strict=False)
    chance, _ = rhymes.rate([["", one, "", other] for one, other in dealt])
    return (
        "rhyme of neighbouring even lines: sampled poems / held-out poems / held-out lines shuffled",
        "reported",
        f"{percent(ours)} / {percent(held)} / {percent(chance)}",
        f"{n} / {m} pairs",
    )


def verse_perplexity(task: Task) -> list[Row]:
    """Per character of a poem's body, stops and line breaks included; its end counts as one more."""
    texts = task.poems["test"][: task.some(HELD_OUT_POEMS)]
    starts = [len(measures.title_of(text)) for text in texts]
    characters = sum(len(text) - start + 1 for text, start in zip(texts, starts, strict=True))
    ours = perplexity(sum(measures.verse_costs(task.subject, texts)), characters)
    trigram = KneserNey(task.poems["train"])
    theirs = perplexity(
        -sum(
            trigram.log_probabilities(text)[start:].sum() for text, start in zip(texts, starts, strict=True)
        ),
        characters,
    )
    return [
        (
            "held-out verse: perplexity per character given the title, model / "
            "interpolated Kneser–Ney trigram",
            "≥ 25 % lower",
            f"{ours:.2f} / {theirs:.2f}, {percent(1 - ours / theirs)} lower",
            f"{characters} characters of {len(texts)} poems",
        )
    ]


def perplexity(nats: float, characters: int) -> float:
    return float(torch.tensor(nats / characters, dtype=torch.float64).exp())


def byte_tokens(task: Task) -> list[Row]:
    texts = {
        f"{language} stories": [story.text for story in task.stories[language][: task.some(STORIES)]]
        for language in LANGUAGES
    } | {"verse": task.poems["test"][: task.some(HELD_OUT_POEMS)]}
    shares = {name: measures.byte_share(task.subject.tokenizer, some) for name, some in texts.items()}
    return [
        (
            "bytes of held-out text in tokens that are not whole characters",
            "reported",
            ", ".join(f"{name} {percent(share, 2)}" for name, share in shares.items()),
            ", ".join(f"{name} {len(some)}" for name, some in texts.items()),
        )
    ]


def speed(task: Task) -> list[Row]:
    rate = measures.tokens_per_second(task.subject, measures.opening(task.stories["en"][0]))
    return [
        ("size on disk", "≤ 32 MB", f"{measures.size_of(task.folder) / 1e6:.1f} MB", "1"),
        ("time to load", "reported", f"{measures.load_seconds(task.folder):.2f} s", "3"),
        (
            f"`generate`, one text, greedy, 200 tokens, threads: {torch.get_num_threads()}",
            "≥ 150 tokens/s",
            f"{rate:.0f} tokens/s",
            "3",
        ),
    ]


def quick(model_dir: Path) -> dict[str, dict[str, float]]:
    """A small part of the measures for the tests, under a minute: {measure: {language: figure}}.

    `ratio` of negative log-likelihoods on 20 stories, `valid` share of 20 sampled stories, `cloze` share of
    up to 40 probes right. Needs no verse.
    """
    subject = Subject.load(Path(model_dir))
    result: dict[str, dict[str, float]] = {"ratio": {}, "valid": {}, "cloze": {}}
    for language in LANGUAGES:
        stories = held_out(language, 40)
        ours, true = measures.story_costs(subject, stories[:20])
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            told = subject.continuations([measures.opening(story) for story in stories[:20]], TOP_P)
        score = measures.right(subject, measures.probes(subject, stories, 10, DISTANCE)).values()
        result["ratio"][language] = ours / true
        result["valid"][language] = sum(measures.valid(told)) / len(told)
        result["cloze"][language] = sum(hits for hits, _ in score) / sum(count for _, count in score)
    return result
