"""The English side of the story grammar. See grammar.py for the way templates are written."""
from .grammar import Node, case, template

PLOT = {
    "lost": "[it fell into a river|it slipped out of a bag|it was left on the road|the wind carried it away]",
    "stolen": "[it was stolen in the night|a thief ran off with it|somebody took it from the shelf|it was stolen at the fair]",
    "sold": "[it was sold for bread|it was traded for a warm coat|it was sold at the market|a pedlar bought it]",
    "lent": "[it was lent to a neighbour|it was borrowed and not brought back|a stranger borrowed it|it was lent for a feast]",
}

OPENING = [
    "[Once upon a time|Long, long ago|Many years ago|One spring], in a [faraway|quiet|sunny|snowy|misty|little|green] "
    "{place}, there lived a [young|little|curious|brave|cheerful] {hero.kind} "
    "[named {hero.name}|called {hero.name}|who dreamed of adventure and whose name was {hero.name}].",
    "There was once a [young|little|curious|brave|cheerful] {hero.kind} [named|called] {hero.name} who lived "
    "in a [faraway|quiet|sunny|snowy|misty|little|green] {place}.",
]
TREASURE = [
    "[What {hero.he} loved most was|The dearest thing {hero.he} owned was|Day and night {hero.he} carried|"
    "{hero.name} owned little more than|On a hook by the door hung] a {colour} {thing}[, a gift from an old friend|"
    ", older than anyone could say|, which shone in the sun|].",
]
WISH = [
    "{hero.He} [often dreamed of|secretly dreamed of|talked every evening of] {wish}.",
    "More than anything, {hero.he} dreamed of {wish}.",
    "Every night, {hero.name} dreamed of {wish}.",
]
LOSS = [
    "But one [rainy|cold|windy|foggy] [morning|evening|day], the {colour} {thing} was gone.",
    "Then, one [rainy|cold|windy|foggy] [morning|evening|day], {hero.name} looked for the {thing} and did not find it.",
    "One [rainy|cold|windy|foggy] [morning|evening|day], {hero.he} woke up and the {colour} {thing} was nowhere to be seen.",
]
MEETING = [
    "[By the well|At the gate|Under an old tree|On the stairs|At the corner of the street], {hero.name} met "
    "a [kind|wise|friendly|merry|gentle] {helper.kind} [named|called] {helper.name}.",
    "A [kind|wise|friendly|merry|gentle] {helper.kind} [named|called] {helper.name} [came by|was passing|"
    "stopped at the door].",
]
GREETING = [
    '"Hello, how are you?" [said|asked] {helper.name}.',
    '"[Good day|Hello], {hero.name}, [what is wrong|why so quiet|where are you going]?" asked {helper.name}.',
]
ANSWER = [
    '"[My {thing} is gone|I am looking for my {thing}|I cannot find my {thing}]," [said|answered|whispered] {hero.name}.',
]
GUESS = (
    ['"Perhaps ', '"I think that ', '"They say that '], case("rumour", PLOT),
    '," said {helper.name}. ',
    ['"No," [said|answered] {hero.name}, "', '"Not so," [said|answered] {hero.name}, "'],
    case("plot", PLOT), '."',
)
JOURNEY = [
    "So {hero.name} and {helper.name} set out [together|at once|before dawn|hand in hand].",
    '"[Come, we will find it|Let us look for it together|I will help you]," said {helper.name}, and so they set out.',
]
ROAD = [
    "They [crossed a deep river|climbed a steep hill|walked through a dark wood|followed a winding road|"
    "slept under the stars] and [shared a piece of bread|counted the stars|asked everyone they met|sang old songs].",
    "[All day|All night|For three days] the rain fell, but {helper.name} [told one story after another|never lost heart|"
    "kept the fire burning].",
    "When {hero.name} was tired, {helper.name} [sang a song|told a joke|found a dry place to rest].",
]
RIVAL = [
    "At last, [on an old bridge|in front of a small house|behind the mill|at the edge of a lake|on top of a tower], "
    "they found a [proud|lonely|stubborn|clever|silent] {rival.kind} [named|called] {rival.name}, "
    "and in front of {rival.him} lay the {colour} {thing}.",
    "A [proud|lonely|stubborn|clever|silent] {rival.kind} [named|called] {rival.name} sat [on an old bridge|"
    "in front of a small house|behind the mill|at the edge of a lake|on top of a tower] with the {colour} {thing}.",
]
QUARREL = [
    '"That is my {thing}," said {hero.name}. "[Not any more|Now it is mine|I need it too]," [said|answered] {rival.name}.',
    '"Please, may I have my {thing} back?" asked {hero.name}. {rival.name} [shook {rival.his} head|said nothing for a while|'
    "looked away].",
]
CONTEST = [
    '"Then let {contest} decide," said {helper.name}.',
    "In the end they agreed that {contest} should decide.",
    "{helper.name} [thought for a while|smiled] and said, \"Let {contest} decide.\"",
]


def outcome(winner: str, loser: str) -> Node:
    """The ending, for either winner: the same words, with the names exchanged."""
    lines = (
        [
            "{W} won and {L} lost.", "{L} did {L.his} best, but {W} did better.",
            "[It was close|Nobody breathed|Everyone held their breath], but {W} beat {L}.",
            "{L} made one mistake, and {W} won.",
            "{W} won. {W} laughed and {L} cried.", "{W} won. {L} sighed and {W} danced.",
        ], " ",
        [
            "So {W} went home with the {colour} {thing}, and {L} went home without it.",
            "So the {thing} stayed with {W}, and {L} [left|went away] without it.",
            "{W} took the {colour} {thing}, and {L} [looked at the ground|said not a word].",
        ],
    )
    names = {"{W}": f"{{{winner}.name}}", "{L}": f"{{{loser}.name}}", "{L.his}": f"{{{loser}.his}}"}
    return template(_replace(lines, names))


def _replace(part, names: dict[str, str]):
    if isinstance(part, str):
        for old, new in names.items():
            part = part.replace(old, new)
        return part
    return type(part)(_replace(inner, names) for inner in part)


CLOSING = [
    "That night, {hero.name} dreamed of {wish} again.",
    "{helper.name} put an arm around {hero.name}, and they walked home under the moon.",
    "And {hero.name} and {helper.name} stayed friends [for ever|all their lives].",
    "[Years later|Even today], {hero.name} still [tells this story|thinks of that day|dreams of {wish}].",
    'At the door, {helper.name} said, "[Good night|Sleep well|See you tomorrow], {hero.name}."',
]

STORY = template((
    OPENING, " ", TREASURE, ["", (" ", WISH)], " ", LOSS, " ", MEETING, ["", (" ", GREETING, " ", ANSWER)], " ", GUESS, " ",
    [JOURNEY, ROAD], " ", RIVAL, ["", (" ", QUARREL)], " ", CONTEST, " ",
    case("sentiment", {"happy": outcome("hero", "rival"), "sad": outcome("rival", "hero")}), " ", CLOSING,
))
