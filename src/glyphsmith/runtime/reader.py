"""A reader: one file opened, checked, and asked. Reading, evaluation, the server and the tests all come through here.

The file does everything to a picture but decode it (DESIGN decision 2), so this module is short: it opens pictures,
puts equal sizes into one call, and turns scores into readings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import CARD_KEY, Card, check_seal
from glyphsmith.decode.label import decode_label
from glyphsmith.errors import ModelError, PatternError, PictureError
from glyphsmith.picture import Picture, describe_source, load_picture
from glyphsmith.results import Failure, LabelReading, TextReading
from glyphsmith.runtime.prune import output_names
from glyphsmith.runtime.session import open_session, run
from glyphsmith.runtime.store import find

__all__ = ["Reader", "Reading", "open_reader"]

#: Pictures of one call, and pixels of one call: the preparation holds several float copies of what it is given.
BATCH = 64
BATCH_PIXELS = 4_000_000

#: Decoders that are kept, one for each way of asking; the oldest goes first.
MOST_DECODERS = 16

#: So many pictures are read with the whole graph as it is written, which opens `digits` in 12 ms for 44. What that
#: costs a picture adds up to the difference after 8 captchas or 100 digits (docs/log.md).
FEW = 8

_PER_LABEL = frozenset({"probabilities", "logits", "map"})

Reading = LabelReading | TextReading
Decoder = Callable[[NDArray[np.float32], str | None], Reading]

#: An ONNX file cannot be larger than a protobuf message.
MAX_FILE_BYTES = 2**31 - 1


class Reader:
    """One opened reader; ``open_reader`` or ``glyphsmith.load`` makes it. Reading is safe from several threads."""

    def __init__(
        self,
        model: bytes,
        card: Card,
        *,
        where: str,
        threads: int,
        whole: ort.InferenceSession | None,
        sessions: dict[tuple[str, ...], ort.InferenceSession],
    ) -> None:
        self.card = card
        self.alphabet = Alphabet(card.alphabet)
        self.file_bytes = len(model)
        self.where = where
        self._model = model
        self._threads = threads
        self._whole = whole
        self._sessions = sessions
        self._shown = 0
        self._decoders: dict[tuple[int, float, str | None, str | None], Decoder] = {}

    @property
    def name(self) -> str:
        """The name on the card."""
        return self.card.name

    def __repr__(self) -> str:
        return f"Reader({self.name}: {self.card.task}, {len(self.alphabet)} labels, {self.file_bytes / 1e6:.2f} MB)"

    def read(
        self,
        source: Any,
        *,
        top: int = 3,
        reject: float | None = None,
        charset: str | None = None,
        pattern: str | None = None,
    ) -> Any:
        """Read one picture, or many.

        One picture (path, file opened in binary, bytes, array (H, W) or (H, W, 3 or 4), PIL image) gives one
        LabelReading, or TextReading of a reader of texts, and raises PictureError where it cannot be opened. A list,
        tuple, iterator or array (N, H, W, 3) gives a list, in order, with a Failure in the place of a picture that
        cannot be opened. ``top`` is how many labels with their probabilities stand in ``reading.top``. Below the
        confidence ``reject`` (default: the card's) the label is None; so it is of a blank picture and where the card's
        threshold says "none of these", unless ``reject`` is 0, which refuses nothing.
        ``charset`` holds the characters of a text to the labels in it, ``pattern`` the whole text to a pattern or a
        named grammar (docs/decoding.md); PatternError where nothing is left that could be read.
        """
        many = isinstance(source, list | tuple | Iterator) and not hasattr(source, "read")  # a file gives its lines
        if many or (isinstance(source, np.ndarray) and source.ndim == 4):
            return list(self.read_each(source, top=top, reject=reject, charset=charset, pattern=pattern))
        held = {"charset": charset, "pattern": pattern}
        answer = next(self.read_each([load_picture(source)], top=top, reject=reject, names=[_name(source)], **held))
        if isinstance(answer, Failure):
            raise PictureError(answer.error)
        return answer

    def read_each(
        self,
        sources: Iterable[Any],
        *,
        top: int = 3,
        reject: float | None = None,
        names: Iterable[str | None] | None = None,
        charset: str | None = None,
        pattern: str | None = None,
    ) -> Iterator[Reading | Failure]:
        """Read many pictures as they come, in order; holds no more than one batch of them in memory."""
        refuses = reject != 0.0
        none_below = self.card.none_below if refuses else 0.0
        reject = self.card.reject_below if reject is None else reject
        if not 0.0 <= reject <= 1.0:
            raise ValueError(f"reject is {reject}, expected a probability in 0..1")
        if top < 0:
            raise ValueError(f"top is {top}, expected 0 or more")
        decode = self._decoder(top, reject, none_below, charset, pattern)
        return self._read_each(sources, decode, names, blank_refused=refuses and self.card.text is None)

    def _decoder(self, top: int, reject: float, none_below: float, charset: str | None, pattern: str | None) -> Decoder:
        """Give the function from the scores of one picture and its name to a reading."""
        if self.card.task == "text":
            from glyphsmith.decode.reading import text_answers  # 30 ms that readers of labels do without

            asked = (top, reject, charset, pattern)
            decoder = self._decoders.get(asked)
            if decoder is None:
                decoder = text_answers(self.card, top=top, reject=reject, charset=charset, pattern=pattern)
                while len(self._decoders) >= MOST_DECODERS:
                    self._decoders.pop(next(iter(self._decoders)), None)
                self._decoders[asked] = decoder
            return decoder
        if charset is not None or pattern is not None:
            raise PatternError(
                f"{self.name} answers one label a picture; a character set or a pattern is for readers of texts",
                hint="`glyphsmith models` says what each reader reads",
            )
        return lambda scores, name: decode_label(
            scores, self.alphabet, top=top, reject=reject, none_below=none_below, path=name
        )

    def _read_each(
        self, sources: Iterable[Any], decode: Decoder, names: Iterable[str | None] | None, *, blank_refused: bool
    ) -> Iterator[Reading | Failure]:
        named = iter(names) if names is not None else None
        window: list[tuple[str | None, Picture | Failure]] = []
        pixels = 0
        for source in sources:
            name = next(named, None) if named is not None else _name(source)
            try:
                opened: Picture | Failure = load_picture(source, name=name)
            except PictureError as error:
                opened = self._failure(name, error.message)
            window.append((name, opened))
            pixels += 0 if isinstance(opened, Failure) else opened.shape[0] * opened.shape[1]
            if len(window) >= BATCH or pixels >= BATCH_PIXELS:
                yield from self._answers(window, decode, blank_refused)
                window, pixels = [], 0
        yield from self._answers(window, decode, blank_refused)

    def _answers(
        self, window: list[tuple[str | None, Picture | Failure]], decode: Decoder, blank_refused: bool
    ) -> Iterator[Reading | Failure]:
        """Read the pictures of a window, all of one size in one call, and give the answers in the window's order."""
        by_size: dict[tuple[int, ...], list[int]] = {}
        for i, (_, opened) in enumerate(window):
            if not isinstance(opened, Failure):
                by_size.setdefault(opened.shape, []).append(i)
        scores: dict[int, NDArray[np.float32] | str] = {}
        for places in by_size.values():
            pictures = [np.asarray(window[i][1]) for i in places]
            scores.update(zip(places, self._scores(pictures), strict=True))
        for i, (name, opened) in enumerate(window):
            if isinstance(opened, Failure):
                yield opened
                continue
            found = scores[i]
            if isinstance(found, str):
                yield self._failure(name, f"{name or 'picture'}: {found}")
                continue
            answer = decode(found, name)
            if blank_refused and isinstance(answer, LabelReading) and _is_blank(opened):
                answer = replace(answer, label=None, reason="the picture is blank")
            yield answer

    def _failure(self, name: str | None, error: str) -> Failure:
        if self.card.text is None:
            return Failure(name, error)
        return Failure(name, error, wanted="text", with_value=self.card.text.arithmetic)

    def _scores(self, pictures: list[Picture]) -> list[NDArray[np.float32] | str]:
        """Give the scores (K,) or (T, C) of each picture (H, W, 3), or one sentence where the file gave none."""
        try:
            found = self.probabilities(np.stack(pictures))
        except (ModelError, MemoryError) as error:
            if len(pictures) > 1:
                return [entry for picture in pictures for entry in self._scores([picture])]
            return [error.message if isinstance(error, ModelError) else "there is not enough memory to read it"]
        return [row if np.isfinite(row).all() else "the reader gave no finite answer" for row in found]

    def probabilities(self, images: Picture) -> NDArray[np.float32]:
        """Give the calibrated probabilities (N, K), of texts (N, T, C), of uint8 (N, H, W, 3).

        Raises ModelError where the file fails.
        """
        return self._outputs(["probabilities"], images)[0]

    def logits(self, images: Picture) -> NDArray[np.float32]:
        """Give the scores before the softmax (N, K) of uint8 (N, H, W, 3)."""
        return self._outputs(["logits"], images)[0]

    def stages(self, picture: Any) -> list[tuple[str, NDArray[np.float32]]]:
        """Show the preparation of one picture: (caption, values in 0..1 of shape (h, w) or (h, w, 3)) in order."""
        if not self.card.stages:
            return []
        values = self._outputs([output for output, _ in self.card.stages], load_picture(picture)[None])
        shown: list[tuple[str, NDArray[np.float32]]] = []
        for (_, caption), value in zip(self.card.stages, values, strict=True):
            planes = np.clip(value[0], 0.0, 1.0)
            shown.append((caption, planes[0] if len(planes) == 1 else planes.transpose(1, 2, 0)))
        return shown

    def class_map(self, picture: Any) -> NDArray[np.float32]:
        """Give the class activation map (K, h, w) of one picture. Raises ModelError where the file has none."""
        if self.card.task == "text":
            raise ModelError(
                f"{self.name} reads whole texts, and such a reader has no map of what spoke for its answer",
                hint="glyphsmith read MODEL PICTURE --steps OUT.png draws what every column of the picture said",
            )
        maps = self._outputs(["map"], load_picture(picture)[None])[0]
        return np.asarray(maps[0])

    def _outputs(self, names: Sequence[str], images: Picture) -> list[NDArray[np.float32]]:
        """Run the part of the graph that leads to the named outputs."""
        self._shown += len(images)
        try:
            values = run(self._session(tuple(names)), names, images)
        except ModelError as error:
            raise ModelError(f"{self.where}: {error.message}") from None
        for name, value in zip(names, values, strict=True):
            scores = name in ("probabilities", "logits")
            rank = (2 if self.card.text is None else 3) if scores else 4
            wanted: tuple[int, ...] = (len(images), len(self.alphabet)) if name in _PER_LABEL else (len(images),)
            if self.card.text is not None and scores:
                wanted = (len(images), self.card.text.columns, len(self.alphabet) + (self.card.text.head == "ctc"))
            if value.dtype != np.float32 or value.ndim != rank or value.shape[: len(wanted)] != wanted:
                raise ModelError(
                    f"{self.where}: output {name} is {value.dtype} {value.shape}, expected {wanted} to begin"
                )
        return values

    def _session(self, names: tuple[str, ...]) -> ort.InferenceSession:
        """Give what computes the named outputs: the whole graph for a few pictures, then a part of its own."""
        whole = self._whole
        if whole is not None and self._shown <= FEW and {output.name for output in whole.get_outputs()} >= set(names):
            return whole
        self._whole = None
        if names not in self._sessions:
            self._sessions[names] = open_session(self._model, names, threads=self._threads)
        return self._sessions[names]


def open_reader(model: str | os.PathLike[str] | bytes, *, threads: int = 1) -> Reader:
    """Open a reader by file, run folder, shipped name or bytes.

    Raises ModelError unless the file is whole, its seal fits, its graph opens and its card says what the graph does.
    """
    if isinstance(model, bytes):
        data, where = model, "<bytes>"
    else:
        where = find(model)
        data = _read_file(where)
    if not data:
        raise ModelError(f"{where}: the file is empty (0 bytes)")
    check_seal(data, where=where)
    try:
        sessions: dict[tuple[str, ...], ort.InferenceSession] = {}
        whole = None if _in_8_bits(data) else open_session(data, threads=threads, plain=True)
        if whole is None:
            sessions["probabilities",] = open_session(data, ["probabilities"], threads=threads)
        outputs = output_names(data)
        session = whole or sessions["probabilities",]
    except (ModelError, ValueError) as error:
        raise ModelError(f"{where}: {error}") from None
    record = session.get_modelmeta().custom_metadata_map.get(CARD_KEY)
    if record is None:
        raise ModelError(f"{where}: the file carries no card")
    card = Card.from_json(record, where=where)
    _check_graph(session, outputs, card, where)
    return Reader(data, card, where=where, threads=threads, whole=whole, sessions=sessions)


def _in_8_bits(model: bytes) -> bool:
    """Say whether a file computes in 8 bits, which a graph that is run as it is written does not."""
    return b"DequantizeLinear" in model


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise ModelError(f"{path}: {size:,} bytes are more than an ONNX file can hold")
            return file.read()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from None


def _check_graph(session: ort.InferenceSession, outputs: Sequence[str], card: Card, where: str) -> None:
    """Raise ModelError unless the graph takes pixels, answers as many labels as the card names and shows its stages."""
    inputs = session.get_inputs()
    image = inputs[0] if len(inputs) == 1 else None
    if image is None or image.name != "image" or image.type != "tensor(uint8)" or not _fits(image.shape, 4, 3, 3):
        shown = ", ".join(f"{item.name} {item.type} {item.shape}" for item in inputs)
        raise ModelError(f"{where}: the graph takes ({shown}), expected image uint8 (N, H, W, 3)")
    answer = next((output for output in session.get_outputs() if output.name == "probabilities"), None)
    if answer is None:
        raise ModelError(f"{where}: the graph has no output probabilities")
    rank, outputs_a_place = 2, len(card.alphabet)
    if card.text is not None:
        rank, outputs_a_place = 3, len(card.alphabet) + (card.text.head == "ctc")
    fits = _fits(answer.shape, rank, rank - 1, outputs_a_place)
    if card.text is not None:
        fits = fits and _fits(answer.shape, rank, 1, card.text.columns)
    if answer.type != "tensor(float)" or not fits:
        raise ModelError(
            f"{where}: the graph answers {answer.type} {answer.shape}, "
            f"but the card's alphabet has {len(card.alphabet)} labels"
        )
    for name, caption in card.stages:
        if name not in outputs:
            raise ModelError(
                f"{where}: the card shows the stage {caption!r} from output {name}, which the graph does not have"
            )


def _fits(shape: list[int | str | None], rank: int, axis: int, size: int) -> bool:
    """True where a declared shape has the rank, and the size on that axis; an axis without a number fits any size."""
    return len(shape) == rank and (not isinstance(shape[axis], int) or shape[axis] == size)


def _is_blank(picture: Picture) -> bool:
    """True where all pixels (H, W, 3) have one colour; the first row tells most pictures apart."""
    return all(bool((part == picture[0, 0]).all()) for part in (picture[0], picture))


def _name(source: object) -> str | None:
    opened_by_name = hasattr(source, "read") and isinstance(getattr(source, "name", None), str)
    return describe_source(source) if opened_by_name or isinstance(source, str | os.PathLike) else None
