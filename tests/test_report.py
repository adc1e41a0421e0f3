"""The evaluation: baselines by brute force, measures on an oracle, and a small part on the bundled model."""

import math
from collections import Counter
from itertools import product
from random import Random

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from course_utils import BUNDLED
from course_utils.training.bundled import measures, report
from course_utils.training.bundled.baselines import AddOne, KneserNey, Rhymes
from course_utils.world import log_probability, true_next

FLOORS = {"ratio": 1.03, "valid": 0.8, "cloze": 0.99}  # the ratio is at most this, the others at least

TEXTS = ["abcab", "abd", "bca,", "cab\nab", "ddd", "a", "bcad"]
OPEN, CLOSE, OTHER = "^", "$", "?"


def plain_kneser_ney(texts):
    """The trigram of `KneserNey`, written as in the paper, with dictionaries."""
    grams = {3: Counter()}
    for text in texts:
        padded = [OPEN, OPEN, *text, CLOSE]
        grams[3].update(zip(padded, padded[1:], padded[2:]))
    for order in (2, 1):
        grams[order] = Counter(gram[1:] for gram in grams[order + 1])
    vocabulary = {*"".join(texts), CLOSE, OTHER}
    discounts = {}
    for order, counts in grams.items():
        once, twice = (sum(count == n for count in counts.values()) for n in (1, 2))
        discounts[order] = once / (once + 2 * twice) if once else 0.5

    def probability(history, char):
        order = len(history) + 1
        lower = probability(history[1:], char) if history else 1 / len(vocabulary)
        met = {gram: count for gram, count in grams[order].items() if gram[:-1] == history}
        if not met:
            return lower
        total, discount = sum(met.values()), discounts[order]
        return max(met.get((*history, char), 0) - discount, 0) / total + discount * len(met) / total * lower

    return probability, sorted(vocabulary)


def test_kneser_ney_against_brute_force():
    trigram, (probability, vocabulary) = KneserNey(TEXTS), plain_kneser_ney(TEXTS)
    ids = {char: at + 2 for at, char in enumerate(sorted({*"".join(TEXTS)}))} | {OPEN: 0, CLOSE: 0, OTHER: 1}
    assert trigram.size == len(vocabulary)
    for first, second in product([OPEN, *vocabulary], repeat=2):
        history = ids[first] * trigram.size + ids[second]
        grams = np.array([history * trigram.size + ids[char] for char in vocabulary])
        found = trigram.probabilities(grams)
        assert math.isclose(found.sum(), 1)
        history = tuple(OPEN if c == CLOSE else c for c in (first, second))  # the same number
        assert np.allclose(found, [probability(history, c) for c in vocabulary])


def test_kneser_ney_weighs_each_character_and_the_end():
    trigram, (probability, _) = KneserNey(TEXTS), plain_kneser_ney(TEXTS)
    padded = [OPEN, OPEN, *"abx\n".replace("x", OTHER), CLOSE]
    expected = [math.log(probability((a, b), c)) for a, b, c in zip(padded, padded[1:], padded[2:])]
    assert np.allclose(trigram.log_probabilities("abx\n"), expected)


def test_add_one_sums_to_one_and_counts():
    documents, vocabulary = [[1, 2, 3, 1, 2], [1, 2, 4], []], 6
    model = AddOne(documents, vocabulary, end=0, order=3)
    for before in ([], [1], [1, 2], [3, 1, 2], [5, 5]):
        assert math.isclose(sum(model.probability(token, before) for token in range(vocabulary)), 1)
    assert model.probability(1, []) == (2 + 1) / (3 + 6)
    assert model.probability(3, [9, 1, 2]) == (1 + 1) / (3 + 6)
    assert model.probability(0, [1, 2]) == (1 + 1) / (3 + 6)
    assert model.probability(4, [5, 5]) == 1 / 6


def test_rhymes_are_learned_from_the_ends_of_even_lines():
    def poem(*ends):
        return [line for end in ends for line in ("一二", f"三{end}")]

    rhymes = Rhymes(
        [
            poem("山", "間"),
            poem("間", "山", "閒"),
            poem("山", "閒"),
            poem("風", "空"),
            poem("空", "風"),
            poem("山", "風"),
        ]
    )
    assert rhymes.attested("山", "間") and rhymes.attested("閒", "山") and rhymes.attested("風", "空")
    assert not rhymes.attested("山", "風")  # once only
    assert (
        not rhymes.attested("間", "空")
        and not rhymes.attested("山", "山")
        and not rhymes.attested("山", "新")
    )
    assert rhymes.rate([poem("山", "閒", "空", "風"), poem("空", "空")]) == (2 / 4, 4)
    assert not Rhymes([poem("山", "山")] * 3 + [poem("風", "空")] * 3).attested(
        "山", "山"
    )  # met often, no rhyme
    often = Rhymes([poem("山", "間")] * 50 + [poem("風", "空")] * 50 + [poem("山", "風")] * 3)
    assert not often.attested("山", "風")  # twice and more, but less than by chance


@pytest.fixture(scope="module")
def tokenizer():
    return PreTrainedTokenizerFast.from_pretrained(BUNDLED)


@pytest.fixture(scope="module")
def stories():
    return {language: report.held_out(language, 12) for language in ("en", "zh")}


class Oracle(measures.Subject):
    """It knows the truth about stories."""

    def __init__(self, tokenizer):
        super().__init__(None, tokenizer)

    def log_probabilities(self, rows):
        return [torch.stack([self._after(row[: at + 1]) for at in range(len(row))]) for row in rows]

    def _after(self, ids):
        logp = torch.full((len(self.tokenizer),), -math.inf, dtype=torch.float64)
        for token, p in true_next(self.tokenizer, ids).items():
            logp[token] = math.log(p)
        return logp


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_truth_itself_has_ratio_one(language, tokenizer, stories):
    ours, true = measures.story_costs(Oracle(tokenizer), stories[language][:1])
    assert math.isclose(ours, true, rel_tol=1e-6)
    assert 0 < true < -log_probability(stories[language][0].text, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_probes_are_certain_and_far(language, tokenizer, stories):
    subject = measures.Subject(None, tokenizer)
    found = measures.probes(subject, stories[language], each=3, distance=20)
    kinds = Counter(probe.kind for probe in found)
    assert kinds["name"] == kinds["thing"] == kinds["colour"] == 3
    for probe in found:
        assert list(true_next(tokenizer, probe.ids, language)) == [probe.answer]
        if probe.kind != "pronoun":
            assert (
                probe.answer in probe.ids and probe.answer not in probe.ids[-18:]
            )  # a Chinese name is two tokens


def test_probes_are_scored_by_kind(tokenizer):
    class Echo(measures.Subject):
        def log_probabilities(self, rows):
            return [torch.eye(10)[list(row)] for row in rows]  # it says its last token again

    asked = [measures.Probe(*one) for one in (("name", (1, 2), 2), ("name", (1, 2), 1), ("thing", (3,), 3))]
    assert measures.right(Echo(None, tokenizer), asked) == {
        "name": (1, 2),
        "pronoun": (0, 0),
        "thing": (1, 1),
        "colour": (0, 0),
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_divergence_of_the_truth_is_zero(language, tokenizer, stories):
    class Last(Oracle):
        def log_probabilities(self, rows):
            return [self._after(row)[None] for row in rows]

    oracle = Last(tokenizer)
    points = measures.choice_points(oracle, stories[language][:2], 5, Random(0))
    assert all(len(truth) > 1 and before for before, truth in points)
    five_gram = AddOne([oracle.ids(story.text) for story in stories[language]], len(tokenizer), oracle.end)
    ours, theirs = measures.divergences(oracle, points, five_gram)
    assert abs(ours) < 1e-9 < 0.1 < theirs


@pytest.mark.parametrize("language", ["en", "zh"])
def test_openings_and_validity(language, stories):
    story = stories[language][0]
    begun = measures.opening(story)
    assert story.text.startswith(begun) and begun.endswith(getattr(story.plan["hero.name"], language))
    assert measures.valid([story.text, None, begun, story.text + " "]) == [True, False, False, False]


def test_lines_and_title_of_a_poem():
    text = "《山·中》\n一二三四五，六七八九十。\n一二三"
    assert measures.title_of(text) == "《山·中》\n"
    assert measures.lines_of(text) == ["一二三四五", "六七八九十", "一二三"]


def test_bytes_in_broken_characters(tokenizer):
    assert measures.byte_share(tokenizer, ["Once upon a time", ""]) == 0
    emoji = "\N{DROMEDARY CAMEL}"
    assert measures.byte_share(tokenizer, ["cats" + emoji]) == 0.5


@pytest.fixture(scope="module")
def bundled():
    return measures.Subject.load(BUNDLED)


def test_cost_does_not_depend_on_the_batch(bundled):
    texts, starts = ["One spring, in a quiet town", "從前，在一個", "《山中》\n空山"], [1, 2, 3]
    together = measures.cost(bundled, texts, starts, "")
    for text, start, found in zip(texts, starts, together, strict=True):
        alone = bundled.ids(text)
        logp = bundled.model(torch.tensor([alone])).logits[0].log_softmax(-1)
        targets = [*alone[start:], bundled.end]
        expected = -sum(logp[start - 1 + i, target].item() for i, target in enumerate(targets))
        assert math.isclose(found, expected, rel_tol=1e-4)


def test_continuations_keep_their_prompts(bundled):
    prompts = ["Once upon a time, in a", "從前"]
    torch.manual_seed(0)
    told = bundled.continuations(prompts, top_p=0.9, batch=2)
    assert len(told) == 2
    assert all(text is None or text.startswith(prompt) for prompt, text in zip(prompts, told, strict=True))


def test_measures_of_verse(bundled):
    """On poems of two rhymes: what is copied is found, what rhymes is found, and the figures are weighed."""

    def poem(title, *ends):
        return f"《{title}》\n" + "\n".join(f"春風吹落日，明月照空{end}。" for end in ends)

    train = [poem("山行", "山", "間"), poem("夜", "間", "山"), poem("秋", "心", "深"), poem("冬", "深", "心")]
    test = [poem("雪", "山", "間"), poem("雨", "山", "心")]
    task = report.Task(BUNDLED, bundled, {}, {"train": train, "test": test}, 1)
    assert report.copied(task, [poem("花", "山", "花")])[2:] == ("75.0 % / 100.0 %", "4 / 8 lines")
    rhyme = report.rhyming(task, [tuple(measures.lines_of(poem("花", "深", "心", "山")))])
    assert rhyme[2].startswith("50.0 % / 50.0 % / ") and rhyme[3] == "2 / 2 pairs"
    measure, _, reached, n = report.verse_perplexity(task)[0]
    assert "Kneser" in measure and n == "52 characters of 2 poems"  # two rows of 12, a line break, the end
    ours, theirs = (float(figure) for figure in reached.split(",")[0].split(" / "))
    assert 1 < theirs < 3 < ours


def test_table_has_a_row_for_each_figure():
    rows = [("size", "≤ 32 MB", "14 MB", "1")]
    assert report.table(rows, 1).splitlines() == [
        "| measure | to reach | reached | n |",
        "| --- | --- | --- | --- |",
        "| size | ≤ 32 MB | 14 MB | 1 |",
    ]
    assert "reached (scale 0.02)" in report.table(rows, 0.02)


def test_the_bundled_model_keeps_its_measures():
    found = report.quick(BUNDLED)
    for language in ("en", "zh"):
        assert 0.9 < found["ratio"][language] <= FLOORS["ratio"], found
        assert found["valid"][language] >= FLOORS["valid"], found
        assert found["cloze"][language] >= FLOORS["cloze"], found
