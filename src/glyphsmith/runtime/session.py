"""ONNX Runtime as we use it: one thread, quiet, and cut down to the outputs that are named.

``reader`` opens a reader's file through here; ``train`` and ``export`` run the preparation graph through the very same
sessions, so the pictures a network learns from are the pictures it will read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from glyphsmith.errors import ModelError
from glyphsmith.runtime.prune import keep_outputs

__all__ = ["Preparer", "open_session", "run"]

_FATAL = 4  # ONNX Runtime's log levels: what it would print as an error reaches the user as one sentence of ours


def open_session(
    model: bytes, outputs: Sequence[str] | None = None, *, threads: int = 1, plain: bool = False
) -> ort.InferenceSession:
    """Open a serialised ONNX model on the CPU, for the named outputs alone where they are named.

    What does not lead to the named outputs is cut off before (``prune``). One thread is the default because two are
    slower for networks of this size (measured on captcha readers of convolutions and an LSTM). ``plain`` leaves the
    graph as it is written, which opens in a third of the time and runs a tenth to a third slower. Raises ModelError
    where the bytes are no valid graph or an output does not exist.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    if plain:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Planning which tensors share memory compares all pairs of them: 21 of 50 ms to open `digits` (262 operators).
    # The arena takes freed memory up again without a plan: the same answers, speed and peak memory (docs/log.md).
    options.enable_mem_reuse = False
    # These two pay off where a graph says the same thing often, as ours do not, and after each pass that changes
    # anything all types are inferred again: 6 of 31 ms less without them, and nothing else changes.
    options.add_session_config_entry(
        "optimization.disable_specified_optimizers", "CommonSubexpressionElimination;ConstantSharing"
    )
    try:
        part = model if outputs is None else keep_outputs(model, outputs)
        return ort.InferenceSession(part, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - the exceptions of ONNX Runtime have no other class in common
        raise ModelError(f"no valid ONNX graph ({_first_line(error)})") from None


def run(session: ort.InferenceSession, outputs: Sequence[str], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Run a session on uint8 (N, H, W, 3) and give the named outputs. Raises ModelError where the graph fails."""
    try:
        values: list[NDArray[np.float32]] = session.run(list(outputs), {"image": images})
    except Exception as error:  # noqa: BLE001 - as above
        if any(word in str(error) for word in ("bad_alloc", "bfc_arena", "allocate memory")):
            raise ModelError(f"there is not enough memory for pictures of shape {images.shape}") from None
        raise ModelError(f"the graph failed on pictures of shape {images.shape} ({_first_line(error)})") from None
    return values


class Preparer:
    """A preparation graph (export.graph) as a function: uint8 (N, H, W, 3) in, what the network sees out."""

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        self._model, self._threads = model, threads
        self._sessions: dict[tuple[str, ...], ort.InferenceSession] = {}
        self._session(("prepared",))

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give float32 (N, C, h, w)."""
        return self.stages(images, ["prepared"])[0]

    def stages(self, images: NDArray[np.uint8], names: Sequence[str]) -> list[NDArray[np.float32]]:
        """Give the named stage outputs, each float32 (N, 1 or 3, h, w) in 0..1."""
        return run(self._session(tuple(names)), names, images)

    def _session(self, names: tuple[str, ...]) -> ort.InferenceSession:
        # Opening takes 15 ms, a picture 0.2: each set of outputs is opened once and kept.
        if names not in self._sessions:
            self._sessions[names] = open_session(self._model, names, threads=self._threads)
        return self._sessions[names]


def _first_line(error: BaseException) -> str:
    """Give the first line of an exception without the code words of ONNX Runtime, short enough for one message."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text.split(" : ", 3)[-1][:200]
