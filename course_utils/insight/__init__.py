"""Compute: what the tokenizer and the model do with a text, as plain data that `course_utils.show` can draw.

Every function takes a plain transformers model or tokenizer and leaves it as it found it. Nothing here draws.
The parts that need torch load on first use; `token_label` and its kin do not need it.
"""

from typing import TYPE_CHECKING

from .._lazy import attach

if TYPE_CHECKING:
    from .continuations import completions, continuation
    from .decoding import (
        BeamNode,
        BeamTrace,
        CacheGrowth,
        Hypothesis,
        Trace,
        beams,
        cache_growth,
        trace,
    )
    from .forward import (
        Attention,
        HiddenStates,
        NextTokens,
        attention,
        cosine_matrix,
        hidden_states,
        next_tokens,
    )
    from .labels import byte_alphabet, token_label, visible
    from .lens import LogitLens, logit_lens
    from .likelihoods import TextLikelihood, likelihood
    from .long_texts import LongText, write_on
    from .pieces import Token, token_bytes, token_ids, tokens
    from .samples import Samples, sample
    from .sampling import Filtered, Reading, Sampling, filters, read_prompt

# No module bears the name of a function: importing it would put the module in the function's place.
__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "decoding": (
            "BeamNode",
            "BeamTrace",
            "CacheGrowth",
            "Hypothesis",
            "Trace",
            "beams",
            "cache_growth",
            "trace",
        ),
        "continuations": ("completions", "continuation"),
        "samples": ("Samples", "sample"),
        "sampling": ("Filtered", "Reading", "Sampling", "filters", "read_prompt"),
        "lens": ("LogitLens", "logit_lens"),
        "likelihoods": ("TextLikelihood", "likelihood"),
        "long_texts": ("LongText", "write_on"),
        "labels": ("byte_alphabet", "token_label", "visible"),
        "pieces": ("Token", "token_bytes", "token_ids", "tokens"),
        "forward": (
            "Attention",
            "HiddenStates",
            "NextTokens",
            "attention",
            "cosine_matrix",
            "hidden_states",
            "next_tokens",
        ),
    },
)
