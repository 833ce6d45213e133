"""What the two packages promise as packages: who imports whom, what is shipped and stated."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import manual_lstm
from reference.cells import TWINS

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# All that the JAX twins may take from manual_lstm: containers without a method, and in the table
# of twins the cells that it is keyed by and what describes their variants.
CONTAINERS = {name for name in manual_lstm.__all__ if name.endswith(("Params", "State"))}
DESCRIPTIONS = {
    type(value).__name__
    for twin in TWINS.values()
    for options in twin.variants
    for value in options.values()
}
KEYS_OF_THE_TABLE = {cell.__name__ for cell in TWINS} | DESCRIPTIONS
MODULES_OF_A_TWIN = {
    "__future__",
    "collections.abc",
    "dataclasses",
    "jax",
    "jax.numpy",
    "manual_lstm",
    "reference.cells",
    "reference.cells.activations",
    "typing",
}


def imports(path: Path) -> list[tuple[str, str | None]]:
    """Return (module, name) of every import statement, wherever in the file it stands."""
    found: list[tuple[str, str | None]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import on line {node.lineno}"
            assert node.module is not None
            found += [(node.module, alias.name) for alias in node.names]
    return found


def within(folder: str) -> list[Path]:
    chosen = [path for path in SOURCES if ROOT / "src" / folder in path.parents]
    assert chosen, f"no file in src/{folder}"
    return chosen


def named(path: Path) -> str:
    return str(path.relative_to(ROOT / "src"))


@pytest.mark.parametrize("path", within("manual_lstm"), ids=named)
def test_manual_lstm_imports_nothing_beyond_numpy(path: Path):
    packages = {module.split(".")[0] for module, _ in imports(path)}
    assert packages <= sys.stdlib_module_names | {"numpy", "manual_lstm"}


def run_python(program: str) -> tuple[str, str]:
    """Return what a new interpreter says, to which every warning is an error."""
    command = [sys.executable, "-W", "error", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout.strip(), run.stderr


def test_importing_manual_lstm_is_quiet_and_loads_numpy_alone():
    said, warned = run_python(
        "import sys; import numpy.random; before = set(sys.modules)\n"
        "import manual_lstm\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    assert warned == ""
    modules = said.split()
    others = {name.partition(".")[0] for name in modules} - {"manual_lstm", "numpy"}
    assert others <= sys.stdlib_module_names
    # Beyond NumPy it needs little, so that importing it costs little more than importing NumPy.
    assert len([name for name in modules if not name.startswith("manual_lstm")]) < 80


@pytest.mark.parametrize("module", ["reference", "reference.strategies", "reference.pytest_plugin"])
def test_importing_the_reference_is_quiet(module: str):
    assert run_python(f"import {module}") == ("", "")


def test_the_version_is_told_with_numpy_alone():
    command = [sys.executable, "-W", "error", "-m", "manual_lstm", "--version"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == (f"manual-lstm {manual_lstm.__version__}\n", "")


@pytest.mark.parametrize("path", within("reference/cells"), ids=named)
def test_twins_are_written_on_their_own(path: Path):
    may_take = CONTAINERS | KEYS_OF_THE_TABLE if path.name == "__init__.py" else CONTAINERS
    found = imports(path)
    others = {f"reference.cells.{other.stem}" for other in path.parent.glob("*.py")}
    assert {module for module, _ in found} <= MODULES_OF_A_TWIN | others
    assert {name for module, name in found if module == "manual_lstm"} <= may_take


# The parts of the debugger in the order in which they build on each other.
PARTS = [
    "running", "texts", "judging", "values", "repair", "searching", "naming", "answering", "faults"
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_the_debugger_know_only_those_before(part: str):
    later = PARTS[PARTS.index(part) + 1 :]
    beyond = tuple(f"reference.debugger.{name}." for name in [*later, "debug"])
    for path in within(f"reference/debugger/{part}"):
        known = {module for module, _ in imports(path)}
        known |= {f"{module}.{name}" for module, name in imports(path)}
        assert not [name for name in known if f"{name}.".startswith(beyond)]


def test_every_module_of_the_debugger_is_in_one_part():
    debugger = ROOT / "src/reference/debugger"
    folders = {path.name for path in debugger.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(PARTS)
    assert {path.stem for path in debugger.glob("*.py")} == {"__init__", "debug", "diagnosis"}


def test_containers_that_twins_may_take_compute_nothing():
    for name in CONTAINERS:
        container = getattr(manual_lstm, name)
        own = {key for key, value in vars(container).items() if callable(value)}
        of_every_namedtuple = {"__new__", "_make", "_replace", "__replace__", "__repr__"}
        assert own <= of_every_namedtuple | {"_asdict", "__getnewargs__", "__annotate_func__"}


@pytest.mark.parametrize("name", sorted(set(manual_lstm.__all__) - {"__version__"}))
def test_public_names_are_documented(name: str):
    public = getattr(manual_lstm, name)
    written_by_python = f"{name}("  # the signature that a dataclass or NamedTuple gets by default
    assert public.__doc__
    assert not public.__doc__.startswith(written_by_python)


def test_version_is_stated_once_and_the_same_everywhere():
    version = PROJECT["version"]
    assert manual_lstm.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog or f"## [{version}]" in changelog


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_source_file_needs_long_scrolling(path: Path):
    lines = path.read_text().count("\n")
    assert lines <= 400, f"{named(path)} has {lines} lines, but must be one idea"


def constraints(file: str = "constraints.txt") -> dict[str, str]:
    """Return the pinned version of every package by its canonical name."""
    pins: dict[str, str] = {}
    for line in (ROOT / file).read_text().splitlines():
        if line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z0-9-]+)==([0-9][0-9a-z.]*)", line)
        assert match, f"{file} has the line {line!r}, but must hold name==version only"
        assert match[1] not in pins, f"{file} pins {match[1]} twice"
        pins[match[1]] = match[2]
    return pins


@pytest.mark.parametrize(
    "requirement",
    sorted(
        {line for extra in PROJECT["optional-dependencies"].values() for line in extra}
        | set(PROJECT["dependencies"])
    ),
)
def test_every_requirement_is_pinned_to_a_version_it_allows(requirement: str):
    wanted = Requirement(requirement)
    if wanted.name == PROJECT["name"]:
        assert wanted.extras <= PROJECT["optional-dependencies"].keys()
    else:
        assert wanted.specifier.contains(constraints()[canonicalize_name(wanted.name)])


def test_the_lowest_versions_are_those_that_are_allowed():
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["reference"], *extras["test"], *extras["plots"]]
    wanted = [Requirement(line) for line in lines]
    lowest = {
        canonicalize_name(requirement.name): [
            Version(spec.version) for spec in requirement.specifier
        ]
        for requirement in wanted
        if requirement.name != PROJECT["name"]
    }
    pinned = constraints("constraints-lowest.txt")
    assert {name: [Version(version)] for name, version in pinned.items()} == lowest


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are published is not known here")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def test_tracked_files_name_no_registry_and_no_path_of_one_machine():
    registry = r"(?:pypi|pythonhosted|npmjs|debian)\.org"
    local = r"(?<![\w./])/(?:home|root|work|tmp|opt|Users)/\w"
    pattern = re.compile(f"{registry}|{local}")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found
