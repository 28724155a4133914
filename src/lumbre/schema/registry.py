"""The registry: every kind and view that a node knows, handed in from outside.

It decodes a body by its kind. Bodies of unknown kinds, and fields that a newer version
added, are kept and carried; they are ignored here (P10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Union

import msgspec

from lumbre.errors import Invalid, Refused
from lumbre.record import canonical
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
        self._by_record = {kind.record: kind for kind in self.kinds.values()}
        records = tuple(self._by_record)
        self.body_type: Any = Union[records] if records else _Nothing  # noqa: UP007
        self._decoder: Any = msgspec.msgpack.Decoder(self.body_type)
        fields = {record: fields_of(record) for record in records}
        self._ref_fields = {
            record: tuple(f.name for f in found if f.base is Ref)
            for record, found in fields.items()
        }
        # A Struct inside may hold references, or have a reference's form itself.
        self._with_parts = frozenset(
            record for record, found in fields.items() if any(f.parts for f in found)
        )

    def kind_of(self, body: Body) -> Kind:
        """The kind of a body made here."""
        try:
            return self._by_record[type(body)]
        except KeyError:
            raise Invalid("invalid.unknown-kind", kind=type(body).__name__) from None

    def encode(self, body: Body) -> bytes:
        """Canonical bytes, after the bounds of every field were checked as a reader would."""
        self.kind_of(body)
        try:
            data = canonical.encode(body)
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
            raise Invalid("invalid.field", why=type(error).__name__) from error
        if len(data) > BODY_MAX_BYTES:
            raise Invalid("invalid.body-too-large", size_bytes=len(data), max_bytes=BODY_MAX_BYTES)
        try:
            read = self._decoder.decode(data)
        except msgspec.ValidationError as error:
            raise Invalid("invalid.field", why=_where(error)) from error
        if canonical.encode(read) != data:
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
        kind = self._by_record[body.__class__]
        if canonical.encode(body) == data and body.__class__ not in self._with_parts:
            return Decoded(body, kind, self._refs(body))
        return Decoded(body, kind, tuple(refs_in(canonical.decode(data, BODY_MAX_BYTES))))

    def _unknown(self, data: bytes, error: Exception) -> Decoded:
        value = canonical.decode(data, BODY_MAX_BYTES)
        if not value or not isinstance(value[0], str):
            raise Refused("refused.no-kind") from error
        if value[0] in self.kinds:
            raise Refused("refused.bad-field", kind=value[0], why=_where(error)) from error
        return Decoded(None, None, tuple(refs_in(value)))

    def _refs(self, body: Body) -> tuple[Ref, ...]:
        found: list[Ref] = []
        for name in self._ref_fields[body.__class__]:
            value = getattr(body, name)
            if value.__class__ is Ref:
                found.append(value)
            elif value:
                found.extend(value)
        return tuple(found)


def _where(error: Exception) -> str:
    """What was expected and where, without what was typed: msgspec quotes a bad choice."""
    why, at, where = str(error).rpartition(" - at ")
    if not at:
        why, where = where, ""
    return re.split("['\"]", why)[0].rstrip() + at + where
