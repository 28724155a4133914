"""The registry: every kind and view that a node knows, handed in from outside.

It decodes a body by its kind. Bodies of unknown kinds, and fields that a newer version
added, are kept and carried; they are ignored here (P10).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Annotated, Any, Union

import msgspec

from lumbre.errors import Invalid, Refused
from lumbre.record import canonical
from lumbre.record.canonical import encode
from lumbre.record.limits import BODY_MAX_BYTES
from lumbre.record.log import Ref
from lumbre.schema.fields import Body, fields_of, refs_in
from lumbre.schema.kind import Domain, Kind, View

_Nothing = Annotated[bytes, msgspec.Meta(min_length=1, max_length=0)]
"""What an empty registry decodes: a type that no bytes satisfy."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A canonical body: `body` and `kind` are None where this version does not know the kind."""

    body: Body | None
    kind: Kind | None
    refs: tuple[Ref, ...]


class Registry:
    """Kinds and views by name. Two domains may not claim one name."""

    def __init__(self, domains: Iterable[Domain]) -> None:
        self.domains = tuple(domains)
        self.kinds: dict[str, Kind] = {}
        self.views: dict[str, View] = {}
        for domain in self.domains:
            for kind in domain.kinds:
                if kind.name in self.kinds:
                    raise Invalid("invalid.kind-twice", kind=kind.name)
                self.kinds[kind.name] = kind
            for view in domain.views:
                if view.name in self.views:
                    raise Invalid("invalid.view-twice", view=view.name)
                self.views[view.name] = view
        records = tuple(kind.record for kind in self.kinds.values())
        self.body_type: Any = Union[records] if records else _Nothing  # noqa: UP007
        self._decoder: Any = msgspec.msgpack.Decoder(self.body_type)
        self._known = {
            kind.record: (kind, _ref_getter(kind.record)) for kind in self.kinds.values()
        }

    def kind_of(self, body: Body) -> Kind:
        """The kind of a body made here."""
        try:
            return self._known[type(body)][0]
        except KeyError:
            raise Invalid("invalid.unknown-kind", kind=type(body).__name__) from None

    def encode(self, body: Body) -> bytes:
        """Canonical bytes, after the bounds of every field were checked as a reader would."""
        self.kind_of(body)
        try:
            data = encode(body)
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
            raise Invalid("invalid.field", why=type(error).__name__) from error
        if len(data) > BODY_MAX_BYTES:
            raise Invalid("invalid.body-too-large", size_bytes=len(data), max_bytes=BODY_MAX_BYTES)
        try:
            read = self._decoder.decode(data)
        except msgspec.ValidationError as error:
            raise Invalid("invalid.field", why=_where(error)) from error
        if encode(read) != data:
            raise Invalid("invalid.field", why="not canonical")
        return data

    def decode(self, data: bytes) -> Decoded:
        """Decode a body as it was before sealing; `Refused` where it breaks a bound or form.

        Bytes that a known record reproduces exactly are canonical, since records hold only
        allowed types; all others take the check of the untyped value.
        """
        if len(data) > BODY_MAX_BYTES:
            raise Refused("refused.too-large", size_bytes=len(data), max_bytes=BODY_MAX_BYTES)
        try:
            body = self._decoder.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
            return self._unknown(data, error)
        kind, ref_fields = self._known[body.__class__]
        if ref_fields is None or encode(body) != data:
            return Decoded(body, kind, tuple(refs_in(canonical.decode(data, BODY_MAX_BYTES))))
        refs: list[Ref] = []
        for value in ref_fields(body):
            if value.__class__ is Ref:
                refs.append(value)
            elif value:
                refs.extend(value)
        return Decoded(body, kind, tuple(refs))

    def _unknown(self, data: bytes, error: Exception) -> Decoded:
        value = canonical.decode(data, BODY_MAX_BYTES)
        if not value or not isinstance(value[0], str):
            raise Refused("refused.no-kind") from error
        if value[0] in self.kinds:
            raise Refused("refused.bad-field", kind=value[0], why=_where(error)) from error
        return Decoded(None, None, tuple(refs_in(value)))


def _ref_getter(record: type[Body]) -> Callable[[Body], tuple[Any, ...]] | None:
    """What gives the values of a record's fields that hold references.

    None where a Struct inside may hold references, or have a reference's form itself.
    """
    found = fields_of(record)
    if any(field.parts for field in found):
        return None
    names = [field.name for field in found if field.base is Ref]
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda body: (get(body),)


def _where(error: Exception) -> str:
    """What was expected and where, without what was typed: msgspec quotes a bad choice."""
    why, at, where = str(error).rpartition(" - at ")
    if not at:
        why, where = where, ""
    return re.split("['\"]", why)[0].rstrip() + at + where
