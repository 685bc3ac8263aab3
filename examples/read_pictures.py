"""Read pictures from Python: one picture, then many, of which one is broken and stops nothing.

python examples/read_pictures.py MODEL PICTURE...
"""

from __future__ import annotations

import sys

import glyphsmith


def main() -> None:
    model, *pictures = sys.argv[1:]
    reader = glyphsmith.load(model)

    reading = reader.read(pictures[0])
    print(f"{pictures[0]}: {reading.label}, {reading.confidence:.1%} sure; next best {reading.top[1:]}")

    for answer in reader.read([*pictures, b"these bytes are no picture"]):
        print(answer.path, answer.error or answer.label)


if __name__ == "__main__":
    main()
