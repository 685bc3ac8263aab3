"""Checkpoints: everything a killed run needs to go on as if nothing had happened, and no code to be executed on loading.

``RUN/checkpoints/last.ckpt`` holds the whole state of learning, ``best.ckpt`` the weights that would go into the file.
Both are written beside and renamed, so a kill in the middle of writing leaves the one before.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from glyphsmith.errors import TrainingError
from glyphsmith.files import write_atomically

__all__ = ["FORMAT", "best_path", "last_path", "load", "remove_leftovers", "save", "weights_digest"]

#: Raised by one whenever an older checkpoint could not be continued exactly.
FORMAT = 1


def last_path(run: Path) -> Path:
    """Give the place of the state to resume from."""
    return run / "checkpoints" / "last.ckpt"


def best_path(run: Path) -> Path:
    """Give the place of the best weights so far."""
    return run / "checkpoints" / "best.ckpt"


def save(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values; raises DataError where the disk is full or the folder read-only."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **state}, buffer)
    write_atomically(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint without executing anything in it; raises TrainingError where it is none or of another version."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(f"{path}: there is no checkpoint") from None
    except Exception as error:  # torch raises whatever its unpickler or its zip reader meets
        raise TrainingError(
            f"{path}: not a checkpoint of this version ({type(error).__name__})",
            hint="remove the run folder and train again",
        ) from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise TrainingError(f"{path}: not a checkpoint of this version", hint="remove the run folder and train again")
    return state


def remove_leftovers(run: Path) -> None:
    """Remove the half-written files that a kill left beside the checkpoints."""
    for part in (run / "checkpoints").glob(".*.part"):
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
