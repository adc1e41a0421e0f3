"""Several notebooks at once on one machine: how long PyTorch's threads may spin while they wait for each other.

    python tests/benchmarks/kernels.py

Two processes at once, each with as many threads as there are processors, against one alone: with the default of
PyTorch's OpenMP on Linux (libgomp), and with GOMP_SPINCOUNT=1000, which importing `course_utils` sets.
"""

import os
import subprocess
import sys

SECONDS = 10
# torch comes first: what the course sets afterwards has no effect.
WORK = f"""
import time, torch
from transformers import GPT2LMHeadModel
from course_utils import checkpoint
torch.manual_seed(0)
model = GPT2LMHeadModel.from_pretrained(checkpoint()).train()
ids, steps, start = torch.randint(0, model.config.vocab_size, (4, 64)), 0, time.perf_counter()
while time.perf_counter() - start < {SECONDS}:
    model(ids, labels=ids, num_items_in_batch=torch.tensor(252)).loss.backward()
    steps += 1
print(steps / (time.perf_counter() - start))
"""


def steps_a_second(processes: int, settings: dict[str, str]) -> float:
    """Return the training steps a second of all processes together."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    command = [sys.executable, "-c", WORK]
    running = [
        subprocess.Popen(
            command, env=kept | settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for _ in range(processes)
    ]
    return sum(float(one.communicate(timeout=600)[0]) for one in running)


def main() -> None:
    """Print a line for each setting."""
    for name, settings in (("default", {}), ("GOMP_SPINCOUNT=1000", {"GOMP_SPINCOUNT": "1000"})):
        alone, both = (steps_a_second(processes, settings) for processes in (1, 2))
        print(
            f"{name:20} alone {alone:6.1f} steps/s, two at once {both:6.1f} together: {both / alone:.2f} × one alone"
        )


if __name__ == "__main__":
    main()
