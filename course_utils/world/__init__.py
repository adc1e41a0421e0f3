"""The small world: a bilingual story grammar whose every probability is known."""

from .stories import Story, grammar, is_story, log_probability, sample, translate
from .truth import NotAStory, true_next

__all__ = ["NotAStory", "Story", "grammar", "is_story", "log_probability", "sample", "translate", "true_next"]
