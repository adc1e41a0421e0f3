"""From a base model to one with an LM head and back, and the proof that a conversion is right.

`to_lm_head` and `to_base` share the weights they are given unless told to copy them. `verify` compares a base model
and a model with an LM head point by point and says, in both languages, what is wrong and how to mend it, and what
cannot be judged from here.

Nothing here is written for GPT-2 alone: the classes come from `AutoModelForCausalLM` and the model's own
`base_model`, and the logits that `verify` wants are those of the library's own class around the base, whatever its
head does with them. A model with an encoder and a decoder (T5, BART) is refused.
"""

from .both_ways import to_base, to_lm_head
from .parts import Part, Pipeline, pipeline
from .report import Check, Doubt, Problem, Report
from .verifying import verify

__all__ = [
    "Check",
    "Doubt",
    "Part",
    "Pipeline",
    "Problem",
    "Report",
    "pipeline",
    "to_base",
    "to_lm_head",
    "verify",
]
