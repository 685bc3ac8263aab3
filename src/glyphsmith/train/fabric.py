"""Choose device, precision and processes: one accelerator where there is one, all processes under torchrun."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any, Literal

import torch

from glyphsmith.errors import MissingExtraError

__all__ = ["make_fabric", "process", "share"]


def process() -> tuple[int, int]:
    """Give the number of this process and how many there are, as torchrun says."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def share(value: Any) -> Any:
    """Give every process what the first has; the others wait for it. Alone it is the value itself."""
    return make_fabric("float32")[0].broadcast(value) if process()[1] > 1 else value


def make_fabric(precision: Literal["bf16", "float32"]) -> tuple[Any, str]:
    """Give a launched Fabric, and in words what it runs on and why.

    bf16 is used where the hardware computes in it; elsewhere emulating it costs more than it saves.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError:
        raise MissingExtraError(
            "learning needs the train extra (lightning-fabric is missing)", hint='pip install "glyphsmith[train]"'
        ) from None
    processes = process()[1]
    cuda = torch.cuda.is_available()
    where = torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads"
    fast = torch.cuda.is_bf16_supported() if cuda else _cpu_computes_bf16()
    word = "bf16" if precision == "bf16" and fast else "float32"
    why = "" if word == precision else " (this machine does not compute in bf16)"
    # Its advice about devices and launchers is for its own users; ours comes from us.
    logging.getLogger("lightning.fabric").setLevel(logging.ERROR)
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fabric = Fabric(
            accelerator="cuda" if cuda else "cpu",
            devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
            num_nodes=max(1, processes // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))),
            strategy="ddp" if processes > 1 else "auto",
            precision="bf16-mixed" if word == "bf16" else "32-true",
        )
        fabric.launch()
    return fabric, f"{where}, {word}{why}" + (f", {processes} processes" if processes > 1 else "")


def _cpu_computes_bf16() -> bool:
    cpu = torch.cpu
    return any(getattr(cpu, name, lambda: False)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
