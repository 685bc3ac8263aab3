"""ONNX Runtime as we use it: one thread, quiet, and only the outputs that are asked for are computed.

``reader`` opens a reader's file through here; ``train`` and ``export`` run the preparation graph through the very same
sessions, so the pictures a network learns from are the pictures it will read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from glyphsmith.errors import ModelError

__all__ = ["Preparer", "open_session", "run"]

_FATAL = 4  # ONNX Runtime's log levels: what it would print as an error reaches the user as one sentence of ours


def open_session(model: bytes, *, threads: int = 1) -> ort.InferenceSession:
    """Open a serialised ONNX model on the CPU. Raises what ONNX Runtime raises where the bytes are no valid graph.

    One thread is the default because two are slower for networks of this size (FACTS: measured on CRNN-size readers).
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    return ort.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])


def run(session: ort.InferenceSession, outputs: Sequence[str], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Run a session on uint8 (N, H, W, 3); only the path to the named outputs is computed."""
    options = ort.RunOptions()
    options.only_execute_path_to_fetches = True
    options.log_severity_level = _FATAL
    values: list[Any] = session.run(list(outputs), {"image": images}, options)
    return values


class Preparer:
    """A preparation graph (export.graph) as a function: uint8 (N, H, W, 3) in, what the network sees out."""

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        try:
            self._session = open_session(model, threads=threads)
        except Exception as error:  # ONNX Runtime's exceptions have no common class but Exception
            raise ModelError(f"the preparation graph cannot be opened ({first_line(error)})") from None
        names = [output.name for output in self._session.get_outputs()]
        if "prepared" not in names:
            raise ModelError(f"the preparation graph has no output `prepared`, only {', '.join(names)}")

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give float32 (N, C, h, w)."""
        return run(self._session, ["prepared"], images)[0]

    def stages(self, images: NDArray[np.uint8], names: Sequence[str]) -> list[NDArray[np.float32]]:
        """Give the named stage outputs, each float32 (N, 1 or 3, h, w) in 0..1."""
        return run(self._session, names, images)


def first_line(error: BaseException) -> str:
    """Give the first line of an exception without ONNX Runtime's code words, short enough for one message."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text.split(" : ", 3)[-1][:200]
