"""Which commands there are, and in which module each lives.

A command's help is the words of "cli.<name>.help"; its module is imported when it is called.
"""

from __future__ import annotations

from typing import Final

from cyclopts import App, Group

from lumbre import __version__
from lumbre.cli.speech import say

COMMANDS: Final = (
    ("everyday", "up", "serve:up"),
    ("everyday", "need", "stating:need"),
    ("everyday", "offer", "stating:offer"),
    ("everyday", "needs", "lists:needs"),
    ("everyday", "offers", "lists:offers"),
    ("everyday", "places", "lists:places"),
    ("everyday", "stock", "lists:stock"),
    ("everyday", "write", "writing:write"),
    ("everyday", "drafts", "writing:drafts"),
    ("carrying", "give", "carry:give"),
    ("carrying", "take", "carry:take"),
    ("carrying", "meet", "network:meet"),
    ("carrying", "at-risk", "at_risk:at_risk"),
    ("community", "found", "community:found"),
    ("community", "invite", "joining:invite"),
    ("community", "join", "by_code:join"),
    ("community", "ask", "joining:ask"),
    ("community", "admit", "joining:admit"),
    ("community", "device", "own:device"),
    ("community", "close", "own:close"),
    ("community", "recover", "own:recover"),
    ("community", "spaces", "community:spaces"),
    ("community", "members", "community:members"),
    ("deciding", "proposals", "council:proposals"),
    ("deciding", "approve", "council:approve"),
    ("deciding", "appoint", "council:appoint"),
    ("deciding", "dismiss", "council:dismiss"),
    ("deciding", "remove", "council:remove"),
    ("deciding", "pins", "council:pins"),
    ("deciding", "quorum", "council:quorum"),
    ("deciding", "renew", "council:renew"),
    ("deciding", "share", "council:share"),
    ("deciding", "mandate", "word:mandate"),
    ("deciding", "mandate-end", "word:mandate_end"),
    ("deciding", "grant", "word:grant"),
    ("deciding", "organisation", "word:organisation"),
    ("deciding", "adopt", "word:adopt"),
    ("deciding", "object", "word:object_"),
    ("looking", "status", "looking:status"),
    ("looking", "show", "looking:show"),
    ("looking", "doubts", "looking:doubts"),
    ("looking", "hash", "looking:hash_"),
    ("keeping", "passphrase", "keeping:passphrase_"),
    ("keeping", "lock", "keeping:lock"),
    ("keeping", "unlock", "keeping:unlock"),
    ("keeping", "backup", "safety:backup"),
    ("keeping", "restore", "safety:restore"),
    ("keeping", "doctor", "safety:doctor"),
    ("keeping", "wipe", "keeping:wipe"),
)
"""(group, name, module:function), in the order of the help."""

GROUPS: Final = ("everyday", "carrying", "community", "deciding", "looking", "keeping")


def make_app() -> App:
    """The program, in the language of this run."""
    options = Group(say("cli.group.options"))
    app = App(
        name="lumbre",
        help=say("cli.help"),
        version=__version__,
        help_format="plaintext",
        help_epilogue=say("cli.epilogue"),
        group_commands=Group(say("cli.group.general")),
        group_arguments=options,
        group_parameters=options,
    )
    app["--help"].help = say("cli.option.help")
    app["--version"].help = say("cli.option.version")
    groups = {name: Group(say(f"cli.group.{name}"), sort_key=n) for n, name in enumerate(GROUPS)}
    for number, (group, name, where) in enumerate(COMMANDS):
        app.command(
            f"lumbre.cli.{where}",
            name=name,
            help=say(f"cli.{name}.help"),
            group=groups[group],
            sort_key=number,
        )
    return app
