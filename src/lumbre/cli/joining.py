"""Letting a device in by files: invite, ask, admit.

    first device: lumbre invite STICK     second: lumbre ask STICK     first: lumbre admit STICK

Both sides read six words aloud before `admit` writes anything. Then `give` and `take`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from lumbre.carriers import file as carrier
from lumbre.cli.community import offer_passphrase
from lumbre.cli.options import DEFAULTS, Common, Folder, Yes, confirm, open_home, space_of
from lumbre.cli.speech import data, note, say, tell, words
from lumbre.errors import Invalid, LumbreError, NotAllowed, NotFound
from lumbre.node import joining
from lumbre.node.aloud import six_words
from lumbre.node.desk import own_key
from lumbre.node.home import Home
from lumbre.node.spaces import Space
from lumbre.schema import Role

INVITATION: Final = ".invitation"
REQUEST: Final = ".request"
SHORT_ID: Final = 8
ROLES: Final = {
    role.name.lower(): role for role in (Role.COURIER, Role.GUEST, Role.READER, Role.MEMBER)
}


def invite(
    folder: Folder | None = None,
    *,
    code: Annotated[bool, Parameter(help=say("cli.arg.by-code"), negative="")] = False,
    yes: Yes = False,
    common: Common = DEFAULTS,
) -> int:
    """Write an invitation to a space into a folder, or open a code. It gives nobody a right."""
    if code:
        from lumbre.cli.by_code import invite_by_code

        return invite_by_code(yes=yes, common=common)
    if folder is None:
        raise Invalid("invalid.folder-or-code")
    with open_home(common) as home:
        space = space_of(home, common)
        name = f"lumbre-{space.id.hex()[:SHORT_ID]}{INVITATION}"
        path = carrier.write_file(folder, name, [joining.invite(home.node, space.id)])
    if common.json:
        data({"file": str(path), "space": space.id})
        return 0
    tell("cli.invite.done", file=path.name, folder=folder)
    return 0


def ask(
    folder: Folder,
    *,
    person: Annotated[str, Parameter(help=say("cli.arg.person"))],
    common: Common = DEFAULTS,
) -> None:
    """Ask to take part in the space of an invitation that lies in a folder."""
    invitation = _the_invitation(folder, common.space or "")
    is_new = not Home.exists(common.path)
    with open_home(common, may_create=True) as home:
        if is_new:
            offer_passphrase(home)
        spaces = [space.id for space in home.node.spaces()]
        pending = {space: joining.pending(home.node, space) for space in spaces}
        request = joining.ask(home.node, invitation, person)
        earlier = pending.get(joining.space_of(request))
        path = carrier.write_file(folder, _name(request), [request])
        said = six_words(joining.words_bytes_of(request))
        is_open_mode = home.is_open_mode
    if common.json:
        replaces = None if earlier in (None, request) else _name(earlier)
        values = {"file": str(path), "words": said, "open_mode": is_open_mode}
        data(values | {"is_same": earlier == request, "replaces": replaces})
        return
    tell("cli.ask.done", file=path.name, folder=folder)
    if earlier == request:
        tell("cli.ask.again")
    elif earlier is not None:
        tell("cli.ask.replaces", file=_name(earlier))
    tell("cli.words", words=" ".join(said))
    tell("cli.open-mode" if is_open_mode else "cli.locked-mode")
    tell("cli.ask.next")


def _the_invitation(folder: Path, wanted: str) -> bytes:
    """The invitation that is meant, by the beginning of its space's id; what is none is named."""
    found: dict[bytes, str] = {}
    for name in carrier.names_in(folder, INVITATION):
        try:
            invitation = read(folder, name, joining.INVITATION_MAX_BYTES)
            space = joining.read_invitation(invitation).space.hex()
        except LumbreError as error:
            note("cli.ask.bad-file", file=name, why=words().error(error))
            continue
        if space.startswith(wanted.lower()):
            found[invitation] = space
    if not found:
        raise NotFound("not-found.invitation", folder=str(folder))
    if len(found) > 1:
        ids = ", ".join(sorted(space[:SHORT_ID] for space in found.values()))
        raise Invalid("invalid.which-invitation", count=len(found), ids=ids)
    return next(iter(found))


def _name(request: bytes) -> str:
    """The file's name of a request that this device made."""
    return f"lumbre-{joining.words_bytes_of(request).hex()[:SHORT_ID]}{REQUEST}"


def admit(
    folder: Folder,
    *,
    role: Annotated[str, Parameter(help=say("cli.arg.role"))] = "member",
    yes: Yes = False,
    common: Common = DEFAULTS,
) -> int:
    """Admit who asked, after both sides have read the six words aloud."""
    if role not in ROLES:
        raise Invalid("invalid.role", roles=", ".join(ROLES))
    names = carrier.names_in(folder, REQUEST)
    if not names:
        raise NotFound("not-found.request", folder=str(folder))
    admitted = []
    with open_home(common) as home:
        for file in names:
            found = _admit_one(home, folder, file, ROLES[role], yes=yes)
            if found is not None:
                admitted.append(found)
    if common.json:
        data(admitted)
    return 0 if admitted else NotAllowed.exit_code


def _admit_one(
    home: Home, folder: Path, file: str, role: Role, *, yes: bool
) -> dict[str, object] | None:
    as_what = words().of("role", role.name.lower())
    found = asked(home, folder, file, "cli.admit.asks", role=as_what, yes=yes)
    if found is None:
        return None
    space, request, name = found
    entry = joining.admit(home.node, own_key(home.node, space), request, name, role)
    home.events.note("admitted", role=int(role))
    note("cli.admit.done", name=name)
    said = six_words(joining.words_bytes(request))
    return {"act": entry.id, "role": role.name.lower(), "words": said}


def asked(
    home: Home, folder: Path, file: str, asks_id: str, *, yes: bool, **values: object
) -> tuple[Space, joining.Request, str] | None:
    """Who asks in a file, after both sides have read the six words; None: nobody new, or no."""
    try:
        data_ = read(folder, file, joining.REQUEST_MAX_BYTES)
        request, name = joining.read_request(home.node, data_)
        space = home.node.space(request.space)
    except LumbreError as error:
        note("cli.admit.bad-file", file=file, why=words().error(error))
        return None
    if space.ledger.rights.author(request.author) is not None:
        note("cli.admit.known", name=name)
        return None
    note(asks_id, name=name, **values)
    note("cli.words", words=" ".join(six_words(joining.words_bytes(request))))
    if not yes and not confirm("cli.admit.confirm"):
        note("cli.admit.not-now")
        return None
    return space, request, name


def read(folder: Path, name: str, max_bytes: int) -> bytes:
    """A small file from a folder."""
    return b"".join(carrier.read_file(folder, name, max_bytes))
