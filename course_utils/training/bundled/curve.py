"""The loss curve of a training run, drawn from its log."""

import json
from pathlib import Path

import numpy as np
from matplotlib import rc_context

from ...show.picture import Picture
from ...show.style import BLUE, WIDTH, style


def draw(log: Path, target: Path) -> None:
    """Draw the loss of each step in `log` (`training_log.json`) into the picture `target`.

    Each batch is of one kind, and verse is far harder to foretell than a story: the dots fall into bands.
    """
    steps, _, losses = np.array(json.loads(log.read_text(encoding="utf-8"))["loss"]).T
    with rc_context(style()):
        picture = Picture(WIDTH, 3.4, "訓練的損失。The loss of the training.")
        axes = picture.add_subplot(
            yscale="log", xlabel="訓練步 · training step", ylabel="損失 · loss (nats / token)"
        )
        axes.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
        axes.minorticks_off()
        axes.plot(steps, losses, ".", markersize=2, color=BLUE)
        picture.savefig(target)
