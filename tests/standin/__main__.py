"""`python -m standin CACHE_DIR`: make the stand-in, with all its layers, and say where it is."""

import sys
from pathlib import Path

from standin import make

print(make(Path(sys.argv[1])))
