"""The version, apart from the package's face: all layers may ask for it, and the face sees the layers above."""

__all__ = ["__version__"]

__version__ = "0.1.0"
