"""An encoder asked with other prompt templates than its own."""

from collections.abc import Sequence
from dataclasses import replace

from graft_core.errors import QueryError
from graft_core.types import F32, U8, Encoder, EncoderSpec, QueryDefaults


class TemplatedEncoder:
    """An encoder (types.Encoder) that differs from another one in its templates alone."""

    def __init__(self, encoder: Encoder, templates: Sequence[str]) -> None:
        """``templates``: at least one, each with ``{}`` for the words; QueryError where that is missing."""
        for template in templates:
            if "{}" not in template:
                raise QueryError(f"Template '{template}' has no {{}} for the words; write it like 'a photo of {{}}'.")
        self._encoder = encoder
        self._templates = tuple(templates)

    @property
    def spec(self) -> EncoderSpec:
        return self._encoder.spec

    @property
    def defaults(self) -> QueryDefaults:
        return replace(self._encoder.defaults, templates=self._templates)

    def encode_tiles(self, tiles: U8) -> F32:
        return self._encoder.encode_tiles(tiles)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        return self._encoder.encode_texts(texts)

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        return self._encoder.encode_photos(photos)
