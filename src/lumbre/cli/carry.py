"""Give and take: a folder (a stick, a shared directory) carries a space to another node."""

from __future__ import annotations

from lumbre.carriers import file as carrier
from lumbre.cli.options import DEFAULTS, Common, Folder, open_home
from lumbre.cli.speech import data, out, say, tell, words
from lumbre.node.exchange import take_in

SHORT_ID = 8


def give(folder: Folder, *, common: Common = DEFAULTS) -> None:
    """Write everything that this node holds of its spaces into a folder."""
    from lumbre.node.names import the_space

    with open_home(common, must_unlock=False) as home:
        wanted = [the_space(home.node, common.space)] if common.space else home.node.spaces()
        if not wanted:
            the_space(home.node, None)
        written = []
        for space in wanted:
            name = f"lumbre-{space.id.hex()[:SHORT_ID]}-{home.random.bytes(4).hex()}"
            for path in carrier.give(folder, name, home.node.give(space.id)):
                written.append((path, path.stat().st_size))
                home.events.note("gave", size_bytes=written[-1][1])
    if common.json:
        data([{"file": str(path), "size_bytes": size} for path, size in written])
        return
    for path, size in written:
        tell("cli.give.done", file=path.name, folder=folder, size_kb=-(-size // 1000))


def take(folder: Folder, *, common: Common = DEFAULTS) -> None:
    """Take in every bundle that lies in a folder."""
    with open_home(common, must_unlock=False) as home:
        taken = carrier.Taken(folder)
        received, keys = take_in(home.node, taken.segments())
        home.events.note("took", new=received.new, refused=sum(received.refused.values()))
    if common.json:
        data(
            {
                "new": received.new,
                "known": received.known,
                "waiting": received.waiting,
                "without_effect": received.without_effect,
                "past_grant": received.past_grant,
                "forks": received.forks,
                "refused": received.refused,
                "bad_files": dict(taken.refused),
                "cut_short": taken.cut_short,
                "keys": keys,
            }
        )
        return
    out(words().count("cli.take.new", received.new))
    for name, count in (
        ("known", received.known),
        ("without-effect", received.without_effect),
        ("waiting", received.waiting),
        ("past-grant", received.past_grant),
        ("forks", received.forks),
        ("keys", keys),
    ):
        if count:
            out("  " + words().count(f"cli.take.{name}", count))
    for message_id, count in sorted(received.refused.items()):
        out("  " + words().count("cli.take.refused", count, why=words().reason(message_id)))
    for file, message_id in taken.refused:
        out("  " + say("cli.take.bad-file", file=file, why=words().reason(message_id)))
    for file in taken.cut_short:
        out("  " + say("cli.take.cut-short", file=file))
