"""A text as the tokenizer sees it: ids, and the bytes behind each id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..texts import CourseError
from .labels import byte_alphabet, token_label

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Token:
    """One token of a text.

    `position` counts from 0; `label` is how it is shown (see `insight.labels`); `bytes` is what it stands
    for; `is_whole` says whether these bytes are valid UTF-8 by themselves; `is_special` whether the token
    is a sign of the tokenizer's own, as `<|endoftext|>` is.
    """

    position: int
    id: int
    label: str
    bytes: bytes
    is_whole: bool
    is_special: bool


def tokens(tokenizer: "PreTrainedTokenizerBase", text: str | Sequence[int]) -> list[Token]:
    """Return the tokens of `text`, or of ids, in order; joined, their bytes are the text's.

    An empty text is the end-of-text token alone, since a model needs at least one position to start from.
    """
    return [_token(tokenizer, at, token_id) for at, token_id in enumerate(token_ids(tokenizer, text))]


def token_ids(tokenizer: "PreTrainedTokenizerBase", text: str | Sequence[int]) -> list[int]:
    """Return the ids that `tokenizer(text)` gives; for an empty text the end-of-text token's alone.

    `text` may be ids already: not every row of tokens is what some text is cut into.

    Raise CourseError if the text gives no token and the tokenizer has no end-of-text token, or if it is no
    text: half of a surrogate pair has no bytes.
    """
    if isinstance(text, str):
        _check_text(text)
        ids = list(tokenizer(text, verbose=False)["input_ids"])
    else:
        ids = _checked_ids(text)
    if ids:
        return ids
    if tokenizer.eos_token_id is None:
        raise CourseError(
            "The text is empty, and this tokenizer has no end-of-text token to start from: give some text.",
            "文字是空的，而這個 tokenizer 沒有文末 token 可以當開頭：請輸入一些文字。",
        )
    return [tokenizer.eos_token_id]


def _checked_ids(ids: "Sequence[int]") -> list[int]:
    if not isinstance(ids, (list, tuple)) or not all(isinstance(one, int) and one >= 0 for one in ids):
        raise CourseError(
            f"A text (str) is needed here, or a list of token ids, not {type(ids).__name__}.",
            f"這裡需要文字（str）或一串 token 編號，不是 {type(ids).__name__}。",
        )
    return list(ids)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CourseError(
            f"The text holds half a character ({text[error.start]!r} at position {error.start}), perhaps an emoji "
            "cut in two: delete it, or paste the text again.",
            f"文字裡有半個字元（位置 {error.start} 的 {text[error.start]!r}），可能是被切成兩半的 emoji：請刪掉它，"
            "或重新貼上文字。",
        ) from None


def decoded(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int]) -> str:
    """Return the text of one row of ids: for several the library returns several texts, and its annotation says both."""
    return cast(str, tokenizer.decode(list(ids)))


def token_bytes(tokenizer: "PreTrainedTokenizerBase", token_id: int) -> bytes:
    """Return the bytes that a token stands for; none for an id that the tokenizer has no entry for.

    Raise CourseError if the tokenizer is not a byte-level one.
    """
    piece = tokenizer.convert_ids_to_tokens(token_id)
    if not isinstance(piece, str):
        return b""
    if token_id in tokenizer.added_tokens_decoder:
        return piece.encode("utf-8")
    alphabet = byte_alphabet()
    if any(char not in alphabet for char in piece):
        raise CourseError(
            f"The entry {piece!r} is not written in GPT-2's byte alphabet: "
            "a byte-level tokenizer is needed here.",
            f"詞彙 {piece!r} 不是用 GPT-2 的位元組字母寫成的：這裡需要位元組層級（byte-level）的 tokenizer。",
        )
    return bytes(alphabet[char] for char in piece)


def id_label(tokenizer: "PreTrainedTokenizerBase", token_id: int) -> str:
    """Return the label of a token given by its id; `⟨#50300⟩` if the tokenizer has no such entry."""
    return token_label(token_bytes(tokenizer, token_id)) or f"⟨#{token_id}⟩"


def _token(tokenizer: "PreTrainedTokenizerBase", position: int, token_id: int) -> Token:
    raw = token_bytes(tokenizer, token_id)
    return Token(
        position=position,
        id=token_id,
        label=id_label(tokenizer, token_id),
        bytes=raw,
        is_whole=_is_whole(raw),
        is_special=token_id in tokenizer.all_special_ids,
    )


def _is_whole(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
