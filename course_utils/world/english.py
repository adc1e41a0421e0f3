"""The English side of the story grammar. See grammar.py for the way templates are written."""

from .grammar import case, recast, template

PLOT = {
    "lost": "[it fell into a river|it slipped out of a bag|it was left on the road|the wind carried it away]",
    "stolen": "[it was stolen in the night|a thief ran off with it|somebody took it from the shelf|it was stolen at the fair]",
    "sold": "[it was sold for bread|it was traded for a warm coat|it was sold at the market|a pedlar bought it]",
    "lent": "[it was lent to a neighbour|it was borrowed and not brought back|a stranger borrowed it|it was lent for a feast]",
}

OPENING = [
    "[Once upon a time|Long, long ago|Many years ago|One spring], in a [faraway|quiet|sunny|snowy|misty|little|lovely] "
    "{place}, there lived a [young|little|curious|brave|cheerful] {hero.kind} [named|called] {hero.name}.",
    "There was once a [young|little|curious|brave|cheerful] {hero.kind} [named|called] {hero.name} who lived "
    "in a [faraway|quiet|sunny|snowy|misty|little|lovely] {place}.",
]
TREASURE = [
    "[What {hero.he} loved most was|The dearest thing {hero.he} owned was|Day and night {hero.he} carried|"
    "{hero.name} owned little more than|Nothing was dearer to {hero.him} than] a {colour} {thing}"
    "[, a gift from an old friend|, older than anyone could say|, bought at a fair|].",
]
WISH = [
    "{hero.He} [often|secretly] dreamed of {wish}.",
    "More than anything, {hero.he} dreamed of {wish}.",
    "Every night, {hero.name} dreamed of {wish}.",
]
LOSS = [
    "But one [rainy|cold|windy|foggy] [morning|evening|day], the {colour} {thing} was gone.",
    "Then, one [rainy|cold|windy|foggy] [morning|evening|day], {hero.he} looked for the {colour} {thing} and did not find it.",
    "One [rainy|cold|windy|foggy] morning, {hero.he} woke up and the {thing} had vanished.",
]
MEETING = [
    "[By the well|At the gate|Under an old tree|On the stairs|At the corner of the street], {hero.he} met "
    "a [kind|wise|friendly|merry|gentle] {helper.kind} [named|called] {helper.name}.",
    "A [kind|wise|friendly|merry|gentle] {helper.kind} [named|called] {helper.name} [came by|was passing|"
    "stopped at the door].",
]
GREETING = [
    '"Hello, how are you?" asked {helper.name}.',
    '"[Good day|Hello], {hero.name}, [what is wrong|why so quiet|where are you going]?" asked {helper.name}.',
]
ANSWER = [
    '"[My {thing} is gone|I am looking for my {thing}|I cannot find my {thing}]," [said|answered|whispered] {hero.name}.',
]
RUMOUR = [
    ('"[Perhaps|I think that|They say that] ', case("rumour", PLOT), '," said {helper.name}.'),
    ("[In the village|At the market|By the fire], people said that ", case("rumour", PLOT), "."),
]
TRUTH = [
    ('"No," said {hero.name}, "', case("plot", PLOT), '."'),
    ("But [the sparrows|the old clock|the moon] had seen it: ", case("plot", PLOT), "."),
]
JOURNEY = [
    "So {hero.name} and {helper.name} set out [together|at once|before dawn|hand in hand].",
    '"[Come, we will find it|Let us look for it together|I will help you]," said {helper.name}.',
    "{hero.name} and {helper.name} [crossed a deep river|climbed a steep hill|walked through a dark wood|"
    "followed a winding road|slept under the stars].",
    "[All day|All night|For three days] the rain fell, but {helper.name} [told one story after another|never lost heart|"
    "kept the fire burning].",
    "When {hero.name} was tired, {helper.name} [sang a song|told a joke|found a dry place to rest].",
]
RIVAL = [
    "At last, [on an old bridge|in front of a small house|behind the mill|at the edge of a lake|on top of a tower], "
    "they found a [proud|lonely|stubborn|clever|silent] {rival.kind} [named|called] {rival.name} with the {colour} {thing}.",
    "A [proud|lonely|stubborn|clever|silent] {rival.kind} [named|called] {rival.name} sat [on an old bridge|"
    "in front of a small house|behind the mill|at the edge of a lake|on top of a tower] with the {colour} {thing}.",
]
CONTEST = [
    '"Let {contest} decide," said {helper.name}.',
    "They agreed that {contest} should decide.",
    '"That is my {thing}," said {hero.name}. "Then let {contest} decide," answered {rival.name}.',
]
OUTCOME = (
    [
        "{winner.name} won.",
        "[It was close|Nobody had expected it|Everyone held their breath], but {winner.name} won.",
        "{winner.name} was a little better.",
    ],
    " ",
    [
        "So {winner.name} took the {thing} home.",
        "So the {thing} [stayed|went home] with {winner.name}.",
        "{winner.name} [smiled|danced] all the way home with the {thing}.",
    ],
)
CLOSING = [
    "That night, {hero.name} dreamed of the {thing}.",
    "{helper.name} put an arm around {hero.name}, and they walked home under the moon.",
    "And {hero.name} and {helper.name} stayed friends [for ever|all their lives].",
    "[Years later|Even today], {hero.name} still [tells this story|thinks of that day|dreams of the {thing}].",
    '"[Good night|Sleep well|See you tomorrow], {hero.name}," said {helper.name}.',
]

STORY = template(
    (
        OPENING,
        " ",
        TREASURE,
        ["", (" ", WISH)],
        " ",
        LOSS,
        " ",
        MEETING,
        " ",
        [(GREETING, " ", ANSWER, " ", RUMOUR, " ", TRUTH), (RUMOUR, " ", TRUTH, " ", JOURNEY)],
        " ",
        RIVAL,
        " ",
        CONTEST,
        " ",
        case("sentiment", {"happy": recast(OUTCOME, winner="hero"), "sad": recast(OUTCOME, winner="rival")}),
        " ",
        CLOSING,
    )
)
