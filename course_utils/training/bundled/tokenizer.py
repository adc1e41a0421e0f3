"""The bundled tokenizer: byte-level BPE in which each Chinese character is a piece of its own."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

END = "<|endoftext|>"
VOCABULARY = 6000
CONTEXT = 512

# One Han character; a run of CJK punctuation; English contractions, words, numbers and punctuation with the space
# before them, as in GPT-2; white space. Python's and Rust's regular expressions agree on all of it.
PIECES = (
    r"[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF]|[\u3000-\u303F\uFF00-\uFFEF]+"
    r"|'(?:s|t|re|ve|m|ll|d)| ?[A-Za-z]+| ?[0-9]+| ?[^\s\w\u3000-\u303F\uFF00-\uFFEF]+|\s+(?!\S)|\s+| ?[^\s]"
)


def train(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """Train the tokenizer on `texts`. It is saved with a class that keeps its pre-tokenizer (`GPT2Tokenizer` drops it)."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    core.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=END,
        eos_token=END,
        unk_token=None,
        pad_token=None,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )
