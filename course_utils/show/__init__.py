"""Draw: what `course_utils.insight` computed, as pictures and as tables (HTML and plain text).

Nothing here runs a model or knows of torch: data goes in, a drawing comes out.
"""

from .figures import attention_heads, attention_map, matrix, norms, probabilities
from .fonts import drawable
from .picture import Picture
from .tables import Table, TokenRow, table, tokens

__all__ = [
    "Picture",
    "Table",
    "TokenRow",
    "attention_heads",
    "attention_map",
    "drawable",
    "matrix",
    "norms",
    "probabilities",
    "table",
    "tokens",
]
