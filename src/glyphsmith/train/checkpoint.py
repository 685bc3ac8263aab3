"""Checkpoints: everything a killed run needs to go on as if nothing had happened, and no code that loading would run.

``RUN/checkpoints/last.ckpt`` holds the whole state of learning, ``best.ckpt`` the weights that would go into the file.
Both are written beside and renamed, so a kill in the middle of writing leaves the one before.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
import zlib
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glyphsmith.errors import TrainingError
from glyphsmith.files import write_atomically
from glyphsmith.train.learned import Part
from glyphsmith.train.recipe import Recipe

__all__ = [
    "FORMAT",
    "best_path",
    "early_path",
    "identity_of",
    "last_path",
    "load",
    "remove_leftovers",
    "save",
    "weights_digest",
]

#: Raised by one whenever an older checkpoint could not be continued exactly.
FORMAT = 1


def last_path(run: Path) -> Path:
    """Give the place of the state to resume from."""
    return run / "checkpoints" / "last.ckpt"


def best_path(run: Path) -> Path:
    """Give the place of the best weights so far."""
    return run / "checkpoints" / "best.ckpt"


def early_path(run: Path) -> Path:
    """Give the place of the weights of a run that was stopped between two validations, where they are the best."""
    return run / "checkpoints" / "early.ckpt"


def save(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values; raises DataError where the disk is full or the folder read-only."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **state}, buffer)
    write_atomically(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint, executing nothing in it; raises TrainingError where it is none or of another version."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(f"{path}: there is no checkpoint") from None
    except Exception as error:  # noqa: BLE001 - torch raises whatever its unpickler or its zip reader meets
        raise TrainingError(
            f"{path}: not a checkpoint of this version ({type(error).__name__})",
            hint="remove the run folder and train again",
        ) from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise TrainingError(f"{path}: not a checkpoint of this version", hint="remove the run folder and train again")
    return state


def remove_leftovers(run: Path) -> None:
    """Remove what must not be taken up again: half-written files of a kill, the weights of an early stop."""
    for part in [*(run / "checkpoints").glob(".*.part"), early_path(run)]:
        with suppress(OSError):
            part.unlink()


def weights_digest(network: nn.Module | dict[str, Tensor]) -> str:
    """Give the SHA-256 of all weights and statistics: equal exactly when two networks are bit for bit the same."""
    state = network.state_dict() if isinstance(network, nn.Module) else network
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def identity_of(recipe: Recipe, train: Part, validation: Part, *, endless: bool = False) -> str:
    """Name what a checkpoint belongs to: the recipe's tables that learning sees, and a sample of the pictures.

    Of ``endless`` pictures it is how they are painted, but not in how many processes.
    """
    tables = {name: asdict(getattr(recipe, name)) for name in ("prepare", "network", "learn", "augment")}
    if endless:
        tables["synth"] = {key: value for key, value in asdict(recipe.synth).items() if key != "workers"}
    sums = []
    for pictures, labels in (train, validation):
        rows = np.unique(np.linspace(0, max(0, len(labels) - 1), num=min(len(labels), 256), dtype=np.int64))
        sums.append(zlib.crc32(np.ascontiguousarray(pictures[rows]).tobytes()))
        sums.append(zlib.crc32(np.ascontiguousarray(labels, dtype=np.int64).tobytes()))
    return json.dumps([tables, recipe.seed, sums], sort_keys=True)
