"""The exceptions of Glyphsmith; every one carries a sentence for the user and, where there is one, a hint.

The tree::

    GlyphsmithError          anything a user can cause; the command line prints it and exits with 2
    ├── PictureError         one picture cannot be read
    ├── DataError            a folder, table or archive of pictures does not fit
    │   └── DownloadError    a data set could not be fetched or its checksum differs
    ├── RecipeError          a recipe holds an unknown key or an impossible value
    ├── ModelError           a file is no reader, is damaged, or comes from a newer version
    ├── TrainingError        learning cannot start or did not work
    ├── PatternError         a pattern is malformed, too large, or nothing can match it
    ├── ExportError          the written file does not read like the trained network
    ├── PageError            a page of a site does not fit, or cannot be read with certainty
    ├── SiteError            a site cannot be crawled: it does not answer, refuses the log-in, or forbids it
    └── MissingExtraError    a part of the package needs an extra that is not installed
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "DownloadError",
    "ExportError",
    "GlyphsmithError",
    "MissingExtraError",
    "ModelError",
    "PageError",
    "PatternError",
    "PictureError",
    "RecipeError",
    "SiteError",
    "TrainingError",
]


class GlyphsmithError(Exception):
    """Something a user can cause and mend: ``message`` says where and what, ``hint`` what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class PictureError(GlyphsmithError):
    """One picture cannot be read."""


class DataError(GlyphsmithError):
    """A folder, table or archive of pictures does not fit."""


class DownloadError(DataError):
    """A data set could not be fetched, or what arrived is not what was published."""


class RecipeError(GlyphsmithError):
    """A recipe holds an unknown key or an impossible value."""


class ModelError(GlyphsmithError):
    """A file is no reader, is damaged, or comes from a newer version."""


class TrainingError(GlyphsmithError):
    """Learning cannot start, or did not work."""


class PatternError(GlyphsmithError):
    """A pattern that readings are to be held to is malformed, too large, or nothing can match it."""


class ExportError(GlyphsmithError):
    """The written file does not read like the trained network."""


class PageError(GlyphsmithError):
    """A page of a site does not fit what is known of its kind, or cannot be read with certainty."""


class SiteError(GlyphsmithError):
    """A site cannot be crawled: it does not answer, refuses the log-in, or forbids it."""


class MissingExtraError(GlyphsmithError):
    """A part of the package needs an extra that is not installed."""
