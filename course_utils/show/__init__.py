"""Draw: what `course_utils.insight` computed, as pictures and as tables (HTML and plain text).

Nothing here runs a model or knows of torch: data goes in, a drawing comes out.
"""

from .charts import bars, lines
from .decoding import beams, cache_growth, trace
from .figures import (
    attention_heads,
    attention_map,
    filters,
    likelihood,
    logit_lens,
    matrix,
    norms,
    probabilities,
)
from .fonts import drawable
from .picture import Picture
from .pipeline import pipeline
from .tables import Table, TokenRow, table, tokens

__all__ = [
    "Picture",
    "Table",
    "TokenRow",
    "attention_heads",
    "attention_map",
    "bars",
    "beams",
    "cache_growth",
    "drawable",
    "filters",
    "likelihood",
    "lines",
    "logit_lens",
    "matrix",
    "norms",
    "pipeline",
    "probabilities",
    "table",
    "tokens",
    "trace",
]
