"""The house rules as functions from text to complaints.

Each takes what it judges and returns lines that name the place, so that a test can give it a
bad sample. What ruff, mypy or import-linter already hold is not repeated here.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

# About what one reader holds in mind at once; the design says 400 at most.
MODULE_LINES_MAX = 400
# One screen.
FUNCTION_LINES_MAX = 60

PURE_FLOORS = ("record", "schema", "trust", "kinds", "ledger", "plan", "sync")

# Tests of what is no floor: the rules, the measures, the build, the types of the public names,
# whole devices on a network of their own.
TESTS_OF_NO_FLOOR = frozenset({"attacks", "bench", "house", "install", "netns", "typing"})

# Impure without importing what import-linter forbids. The last parts of a dotted call.
IMPURE_CALLS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "nacl.utils.random",
    "SigningKey.generate",
    "PrivateKey.generate",
    "open",
    "print",
    "input",
)

# Put together so that this file does not hold what it looks for.
_MACHINE_PATH = re.compile(
    "(?<![\\w.])/" + "(?:home/\\w|Users/\\w|root/|work/\\w|opt/\\w|var/folders/)"
)
_REGISTRY_HOST = re.compile("(?:pypi" + "\\.org|pythonhosted" + "\\.org|npmjs" + "\\.(?:org|com))")
_MARKS = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + "X)\\b")
_BARE_IGNORE = re.compile(r"#\s*type:\s*ignore" + r"(?!\[)")
_URL = re.compile(r"https?:|--(?:index-url|extra-index-url|find-links)")


def shape(path: str, text: str) -> Iterator[str]:
    """A module opens with a docstring, is not long, and has no long function."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        yield f"{path}:1 opens without a docstring"
    lines = len(text.splitlines())
    if lines > MODULE_LINES_MAX:
        yield f"{path}: {lines} lines, at most {MODULE_LINES_MAX}"
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield (
                    f"{path}:{node.lineno} {node.name}: {length} lines, "
                    f"at most {FUNCTION_LINES_MAX}"
                )


def leftovers(path: str, text: str) -> Iterator[str]:
    """No bare except, nothing left to do later, no ignored type without its code."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{path}:{node.lineno} bare except"
    for number, line in enumerate(text.splitlines(), 1):
        if _MARKS.search(line):
            yield f"{path}:{number} left to do: {line.strip()}"
        if _BARE_IGNORE.search(line):
            yield f"{path}:{number} an ignored type says which: {line.strip()}"


def impurities(path: str, text: str, forbidden_modules: Iterable[str]) -> Iterator[str]:
    """Imports and calls that a pure floor may not have, inside functions too."""
    forbidden = set(forbidden_modules)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            call = ast.unparse(node.func)
            if any(call == bad or call.endswith(f".{bad}") for bad in IMPURE_CALLS):
                yield f"{path}:{node.lineno} calls {call}"
            continue
        else:
            continue
        for name in names:
            if name.split(".")[0] in forbidden:
                yield f"{path}:{node.lineno} imports {name}"


def places(path: str, text: str) -> Iterator[str]:
    """No path of somebody's machine, no registry's host; in a lock no address at all."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _MACHINE_PATH.search(line):
            yield f"{path}:{number} path of a machine: {found.group()}"
        if found := _REGISTRY_HOST.search(line):
            yield f"{path}:{number} host of a registry: {found.group()}"
        if path.startswith("requirements/") and (found := _URL.search(line)):
            yield f"{path}:{number} address in a lock: {found.group()}"


def strays(root: Path) -> Iterator[str]:
    """Each folder of tests mirrors a floor; a test is in a folder."""
    source = root / "src" / "lumbre"
    for path in sorted((root / "tests").iterdir()):
        if path.is_file() and path.name.startswith("test_"):
            yield f"tests/{path.name} belongs in the folder of its floor"
        if not path.is_dir() or path.name == "__pycache__" or path.name in TESTS_OF_NO_FLOOR:
            continue
        if not (source / path.name).is_dir() and not (source / f"{path.name}.py").is_file():
            yield f"tests/{path.name}/ mirrors no floor"


def requirement_name(requirement: str) -> str:
    """The package that a requirement names, as registries spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def pyproject(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def direct_dependencies(project: dict) -> set[str]:
    """All that pyproject names: at run time, in groups, and to build."""
    groups = project["dependency-groups"].values()
    named = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    named += [requirement for group in groups for requirement in group]
    return {requirement_name(requirement) for requirement in named}


def tracked_files(root: Path) -> list[str]:
    """Text files that git keeps, or will keep once they are added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [name for name in listed if name and (root / name).is_file()]


def modules(root: Path, *floors: str) -> Iterator[tuple[str, str]]:
    """Path and text of each module of the package, or of the floors that are named."""
    source = root / "src" / "lumbre"
    tops = [source / floor for floor in floors] or [source]
    for top in tops:
        for path in sorted([*top.rglob("*.py"), *top.parent.glob(f"{top.name}.py")]):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
