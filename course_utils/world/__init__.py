"""The small world: a bilingual story grammar whose every probability is known."""

from .stories import Story, grammar, is_story, log_probability, sample, translate
from .truth import true_next

__all__ = ["Story", "grammar", "is_story", "log_probability", "sample", "translate", "true_next"]
