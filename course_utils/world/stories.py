"""Stories of the small world, with their labels and their parallel story in the other language."""

from dataclasses import dataclass
from functools import cache
from random import Random

from . import chinese, english, things
from .grammar import Bound, Grammar
from .things import Kind, Name

LANGUAGES = ("en", "zh")
_DOMAINS = {
    "place": things.PLACES,
    "colour": things.COLOURS,
    "thing": things.THINGS,
    "wish": things.WISHES,
    "contest": things.CONTESTS,
    "sentiment": things.SENTIMENTS,
}
_PRONOUNS = {"he": ("he", "she"), "his": ("his", "her"), "him": ("him", "her"), "He": ("He", "She")}


@dataclass(frozen=True)
class Story:
    """A story. `plan` holds the values of its variables; `log_probability` is in nats, given the language."""

    language: str
    text: str
    plan: Bound
    log_probability: float

    @property
    def sentiment(self) -> str:
        """ "happy" if the hero gets the thing back, else "sad"."""
        return self.plan["sentiment"]

    @property
    def plot(self) -> str:
        """How the thing went away: "lost", "stolen", "sold" or "lent"."""
        return self.plan["plot"]

    @property
    def hero(self) -> Kind:
        """The kind of being the hero is."""
        return self.plan["hero.kind"]


def _variable(reference: str) -> str:
    base, _, attribute = reference.partition(".")
    if base in things.ROLES:
        return f"{base}.kind" if attribute in ("kind", "measure") else f"{base}.name"
    return base


def _values(variable: str, bound: Bound) -> list:
    if variable == "plot" or variable == "rumour":
        other = bound.get("rumour" if variable == "plot" else "plot")
        return [plot for plot in things.PLOTS if plot != other]
    role, _, attribute = variable.partition(".")
    if role not in things.ROLES:
        return list(_DOMAINS[variable])
    if attribute == "kind":
        return list(things.KINDS)
    taken = {id(bound.get(f"{other}.name")) for other in things.ROLES if other != role}
    gender = bound[f"{role}.kind"].gender
    return [name for name in things.NAMES if id(name) not in taken and name.gender in (gender or "mf")]


def _render(language: str, reference: str, bound: Bound) -> str:
    base, _, attribute = reference.partition(".")
    value = bound[_variable(reference)]
    if attribute == "measure":
        return value.measure
    if attribute.lower() in _PRONOUNS:
        return _pronoun(language, attribute, value, bound[f"{base}.kind"])
    return getattr(value, language)


def _pronoun(language: str, form: str, name: Name, kind: Kind) -> str:
    female = name.gender == "f"
    if language == "zh":
        return "牠" if kind.animal else "她" if female else "他"
    return _PRONOUNS[form][female]


@cache
def grammar(language: str) -> Grammar:
    """The grammar of the stories in "en" or "zh"."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, not {language!r}")
    root = (english if language == "en" else chinese).STORY
    return Grammar(root, _variable, _values, lambda reference, bound: _render(language, reference, bound))


def sample(language: str, rng: Random, given: Bound | None = None) -> Story:
    """Draw a story; `given` fixes some of its variables (`{"sentiment": "happy"}`)."""
    text, plan, logp = grammar(language).sample(rng, given)
    return Story(language, text, plan, logp)


def translate(story: Story, rng: Random) -> Story:
    """A parallel story in the other language: the same plan, told in that language's own words."""
    return sample("zh" if story.language == "en" else "en", rng, story.plan)


def is_story(text: str) -> bool:
    """Return whether the text, as a whole, is a sentence of the grammar (in either language)."""
    return any(text in grammar(language) for language in LANGUAGES)


def log_probability(text: str, language: str) -> float:
    """Log-probability in nats of a story, given its language; minus infinity if the grammar cannot tell it."""
    return grammar(language).log_probability(text)
