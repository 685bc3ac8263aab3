"""The peer: `mnist-conv5` in Keras as published, run in an environment of its own (see peer.py); prints JSON.

    keras_mnist.py train MNIST [--epochs E] [--steps N] [--save FILE]
    keras_mnist.py predict FILE PICTURE... [--preparation invert|threshold]

Published: conv 5x5 32 same, pool, conv 5x5 64 same, pool, dense 1024, dropout 0.5, dense 10; Adam 1e-4, batch 64,
10 epochs; own pictures are squashed to 28x28, made grey and inverted, in one variant thresholded at 150.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

EPOCHS, BATCH, RATE = 10, 64, 1e-4


def read_idx(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read pictures (N, 28, 28) and labels (N,) of ``part`` ("train" or "t10k") from IDX files, gzipped or not."""

    def values(name: str) -> NDArray[np.uint8]:
        path = folder / name
        data = gzip.decompress(Path(f"{path}.gz").read_bytes()) if not path.exists() else path.read_bytes()
        dimensions = data[3]
        shape = np.frombuffer(data, ">i4", dimensions, 4)
        return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)

    return values(f"{part}-images-idx3-ubyte"), values(f"{part}-labels-idx1-ubyte")


def prepared(path: str, preparation: str) -> NDArray[np.float32]:
    """Prepare an own picture as the published programs do: squash, grey, then invert or threshold: (28, 28)."""
    grey = np.asarray(Image.open(path).convert("RGB").convert("L").resize((28, 28)), dtype=np.float32)
    if preparation == "threshold":
        return (grey < 150).astype(np.float32)
    return 1.0 - grey / 255.0


def build() -> Any:
    """Make and compile the network."""
    from tensorflow import keras  # type: ignore[import-not-found,unused-ignore]

    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam(RATE), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def train(folder: Path, *, epochs: int, steps: int | None, save: Path | None) -> dict[str, Any]:
    """Train; give the seconds of each epoch and, after a whole training, the accuracy on the test part."""
    from tensorflow import keras

    pictures, labels = read_idx(folder, "train")
    x = (pictures.astype(np.float32) / 255.0)[..., None]
    if steps is not None:
        x, labels = x[: steps * BATCH], labels[: steps * BATCH]
    network = build()
    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
        def on_epoch_begin(self, *_: Any) -> None:
            self.begun = time.perf_counter()

        def on_epoch_end(self, *_: Any) -> None:
            seconds.append(time.perf_counter() - self.begun)

    network.fit(x, labels, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[Clock()])
    test, truth = read_idx(folder, "t10k")
    accuracy = network.evaluate((test.astype(np.float32) / 255.0)[..., None], truth, verbose=0)[1]
    if save is not None:
        save.parent.mkdir(parents=True, exist_ok=True)
        network.save(save)
    return {
        "keras": keras.__version__,
        "n": len(labels),
        "epoch_seconds": [round(value, 3) for value in seconds],
        "test_accuracy": round(float(accuracy), 6),
    }


def predict(model: Path, pictures: list[str], preparation: str) -> dict[str, Any]:
    """Load the saved network and read pictures."""
    from tensorflow import keras

    network = keras.models.load_model(model)
    x = np.stack([prepared(path, preparation) for path in pictures])[..., None]
    return {"labels": [int(k) for k in network.predict(x, verbose=0).argmax(axis=1)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    training = verbs.add_parser("train")
    training.add_argument("folder", type=Path)
    training.add_argument("--epochs", type=int, default=EPOCHS)
    training.add_argument("--steps", type=int)
    training.add_argument("--save", type=Path)
    predicting = verbs.add_parser("predict")
    predicting.add_argument("model", type=Path)
    predicting.add_argument("pictures", nargs="+")
    predicting.add_argument("--preparation", choices=["invert", "threshold"], default="invert")
    words = parser.parse_args()
    if words.verb == "train":
        record = train(words.folder, epochs=words.epochs, steps=words.steps, save=words.save)
    else:
        record = predict(words.model, words.pictures, words.preparation)
    print(json.dumps(record))


if __name__ == "__main__":
    main()
