"""The small world: its probabilities against brute force, its stories, its labels, its truth about the next token."""

import math
from collections import Counter, defaultdict
from itertools import islice
from random import Random

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from course_utils import BUNDLED, CourseError
from course_utils.training.bundled import corpus
from course_utils.world import grammar, is_story, log_probability, sample, translate, true_next
from course_utils.world.grammar import Grammar, Text, case, template
from course_utils.world.truth import next_of, splitter

WHO = ("cat", "catfish", "貓", "owl")
SMALL = template(
    (
        ["The {who} [sat|sang][ down|]", "A {who}, [very |]old", "從前有{who}[，很|]"],
        [".", "!"],
        case("mood", {"good": " {who} won.", "bad": " The other {who} won."}),
        ["", " {other} ran"],
    )
)


def small_grammar() -> Grammar:
    def values(variable, bound):
        if variable == "mood":
            return ["good", "bad"]
        return [w for w in WHO if w not in (bound.get("who"), bound.get("other"))]

    return Grammar(SMALL, lambda name: name, values, lambda name, bound: bound[name])


def every_text(rules: Grammar) -> dict[str, float]:
    """All texts of a small grammar with their probabilities, by walking all of it."""
    texts: dict[str, float] = defaultdict(float)
    for way in rules.extend(next(rules.beginnings("")), lambda tail: False):
        assert way.ended
        texts[way.tail] += way.probability
    return dict(texts)


@pytest.fixture(scope="module")
def small_tokenizer():
    """A byte-level BPE with merges inside words and inside characters, so that tokens and words do not coincide."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?\p{L}+| ?[^\s\p{L}]+|\s+(?!\S)|\s+"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(
        ["The cat sat sang catfish down 從前有 old, very", "A cat sang. The owl won! 貓"] * 20,
        trainers.BpeTrainer(
            vocab_size=268,
            special_tokens=["<|endoftext|>"],
            show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|endoftext|>")


def test_small_grammar_sums_to_one_and_samples_agree():
    rules = small_grammar()
    texts = every_text(rules)
    assert len(texts) > 100
    assert math.isclose(sum(texts.values()), 1.0)
    rng = Random(0)
    for _ in range(200):
        text, _, logp = rules.sample(rng)
        assert math.isclose(logp, math.log(texts[text]))
        assert math.isclose(rules.log_probability(text), math.log(texts[text]))
        assert text in rules and text + "x" not in rules and text[:-1] not in texts


def test_truth_against_brute_force(small_tokenizer):
    rules, end = small_grammar(), small_tokenizer.eos_token_id
    expected: dict[tuple, Counter] = defaultdict(Counter)
    for text, probability in every_text(rules).items():
        ids = [*small_tokenizer(text).input_ids, end]
        for i, token in enumerate(ids):
            expected[tuple(ids[:i])][token] += probability
    split = splitter(small_tokenizer)
    assert any(len(tokens) > 1 for _, tokens in split("The catfish sat"))
    for prefix, counts in expected.items():
        raw = b"".join(bytes_of(small_tokenizer, i) for i in prefix)
        found = next_of(rules, prefix, split, end, raw)
        total = sum(counts.values())
        assert found.keys() == counts.keys(), small_tokenizer.decode(prefix)
        for token, weight in counts.items():
            assert math.isclose(found[token], weight / total, rel_tol=1e-9)


def bytes_of(tokenizer, token):
    from course_utils.insight import token_bytes

    return token_bytes(tokenizer, token)


@pytest.mark.parametrize("source", ["[a|b", "a|b", "a]", "{a"])
def test_broken_templates_are_refused(source):
    with pytest.raises(ValueError):
        template(source)
    assert template("a") == Text("a")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_derivations_are_unambiguous_and_weigh_what_sampling_says(language):
    rng = Random(7)
    for _ in range(150):
        story = sample(language, rng)
        derivations = grammar(language).derivations(story.text)
        assert len(derivations) == 1
        assert derivations[0] == story.plan
        assert math.isclose(log_probability(story.text, language), story.log_probability)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_no_story(language):
    story = sample(language, Random(3))
    hero = getattr(story.plan["hero.name"], language)
    wrong = (
        next(n for n in ("Leo", "Max") if n != hero)
        if language == "en"
        else "樂樂"
        if hero != "樂樂"
        else "威威"
    )
    at = story.text.rindex(hero)
    for text in (
        "",
        story.text[:-1],
        story.text + " ",
        story.text + story.text,
        story.text[:at] + wrong + story.text[at + len(hero) :],
    ):
        assert not is_story(text)
        assert log_probability(text, language) == -math.inf
    assert is_story(story.text)


def test_parallel_stories_share_the_plan():
    rng = Random(11)
    for language in ("en", "zh"):
        for _ in range(50):
            story = sample(language, rng)
            other = translate(story, rng)
            assert other.language != language and is_story(other.text)
            shared = story.plan.keys() & other.plan.keys()
            assert all(story.plan[key] == other.plan[key] for key in shared)
            assert (other.sentiment, other.plot, other.hero) == (story.sentiment, story.plot, story.hero)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_label_can_be_read_off_a_single_word(language):
    """Of the stories that hold a word, the share with a label stays far from certain (base rates: 1/2 and 1/4)."""
    split = (
        (lambda t: set(t.replace(",", " ").replace(".", " ").replace('"', " ").split()))
        if language == "en"
        else (lambda t: set(t) | {a + b for a, b in zip(t, t[1:]) if (a + b).isalpha()})
    )
    stories = [sample(language, Random(i)) for i in range(2000)]
    for label, most in (("sentiment", 0.70), ("plot", 0.65)):
        inside = defaultdict(Counter)
        for story in stories:
            for word in split(story.text):
                inside[word][getattr(story, label)] += 1
        for word, labels in inside.items():
            if labels.total() >= 100:
                assert max(labels.values()) / labels.total() < most, (label, word)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hero_cannot_be_told_from_the_kinds_in_the_story(language):
    hits = total = 0
    for i in range(2000):
        story = sample(language, Random(i))
        kinds = [story.plan[f"{role}.kind"] for role in ("hero", "helper", "rival")]
        if len(set(kinds)) == 3:
            hits += kinds[0] == min(kinds, key=lambda k: k.en)
            total += 1
    assert total > 1000
    assert abs(hits / total - 1 / 3) < 0.05


def test_splits_share_no_story():
    train = {s.text for s in islice(corpus.stories("en", "train", 0), 300)}
    held = {s.text for s in islice(corpus.stories("en", "test", 0), 50)}
    assert not train & held
    assert all(corpus.split_of(text) == "test" for text in held)
    assert [s.text for s in islice(corpus.stories("zh", "train", 5), 3)] == [
        s.text for s in islice(corpus.stories("zh", "train", 5), 3)
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bundled_tokenizer_and_the_chain_rule(language):
    """The true probabilities of a story's tokens multiply up to the probability of the story."""
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
    story = sample(language, Random(5))
    ids = [*tokenizer(story.text).input_ids, tokenizer.eos_token_id]
    logp = sum(math.log(true_next(tokenizer, ids[:i], language)[token]) for i, token in enumerate(ids))
    assert math.isclose(logp, story.log_probability, rel_tol=1e-9)


def test_truth_names_the_remedy():
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
    with pytest.raises(CourseError, match="Once upon a time"):
        true_next(tokenizer, tokenizer("The capital of France is").input_ids)
