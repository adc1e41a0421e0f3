"""The package is built as ARCHITECTURE.md says: what may import what, and every path that the two pages name."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "course_utils"
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
# By room, what its modules import nowhere, not even inside a function (imports for type hints alone do not count).
FORBIDDEN = {
    "texts": ("torch", "transformers", "matplotlib", "ipywidgets", "anywidget"),
    "insight": (
        "matplotlib",
        "ipywidgets",
        "anywidget",
        "IPython",
        "course_utils.show",
        "course_utils.play",
        "course_utils.practice",
    ),
    "conversion": ("matplotlib", "ipywidgets", "anywidget", "course_utils.show", "course_utils.play"),
    "world": ("matplotlib", "ipywidgets", "anywidget", "course_utils.show", "course_utils.play"),
    "show": ("torch", "transformers", "matplotlib.pyplot", "ipywidgets", "anywidget", "course_utils.play"),
    "play": ("course_utils.practice", "course_utils.training"),
    "explanations": ("torch", "transformers", "course_utils.play", "course_utils.practice"),
    "notebooks": ("torch", "transformers", "course_utils.play", "course_utils.practice"),
}


@dataclass(frozen=True)
class Import:
    """That a module imports another, or a name of it: `target` in full, and whether this happens at module level."""

    module: str
    target: str
    at_top: bool


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_for_hints(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def statements(node: ast.AST, at_top: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield the import statements, without those for type hints, and whether each is run when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_top
        elif is_for_hints(child):
            continue
        else:
            yield from statements(child, at_top and not isinstance(child, ast.FunctionDef | ast.Lambda))


def imports_of(path: Path, source: str) -> Iterator[Import]:
    module = name_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for statement, at_top in statements(ast.parse(source)):
        if isinstance(statement, ast.Import):
            targets = [alias.name for alias in statement.names]
        else:
            base = statement.module or ""
            if statement.level:
                parts = package.split(".")
                parts = parts[: len(parts) - statement.level + 1]
                base = ".".join([*parts, base] if base else parts)
            targets = [f"{base}.{alias.name}" for alias in statement.names]
        yield from (Import(module, target, at_top) for target in targets)


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_course" not in path.parts)
MODULES = {name_of(path) for path in FILES}
IMPORTS = [one for path in FILES for one in imports_of(path, path.read_text(encoding="utf-8"))]


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def of_package(target: str) -> str | None:
    """Return the module of the package that an import loads: the name itself, or what it is a name of."""
    if target in MODULES:
        return target
    parent = target.rpartition(".")[0]
    return parent if parent in MODULES else None


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_nothing_that_is_not_for_it(room):
    inside = [one for one in IMPORTS if is_inside(one.module, f"course_utils.{room}")]
    assert inside
    wrong = [one for one in inside if any(is_inside(one.target, name) for name in FORBIDDEN[room])]
    assert wrong == []


def test_commands_are_imported_by_nobody():
    """`__main__` loads them by name."""
    commands = "course_utils.commands"
    outside = [one for one in IMPORTS if not is_inside(one.module, commands)]
    assert [one for one in outside if is_inside(one.target, commands)] == []
    between = [one for one in IMPORTS if is_inside(one.module, commands) and is_inside(one.target, commands)]
    assert {of_package(one.target) for one in between} == {f"{commands}.commandline"}


def test_no_module_needs_itself():
    """No circle of imports at module level."""
    needs = {module: set() for module in MODULES}
    for one in IMPORTS:
        target = of_package(one.target)
        # A package whose submodule is imported is there already, or loads its names on use.
        if one.at_top and target and target != one.module and not is_inside(one.module, target):
            needs[one.module].add(target)
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path, module])
        if module in done:
            return
        for target in sorted(needs[module]):
            visit(target, (*path, module))
        done.add(module)

    for module in sorted(MODULES):
        visit(module, ())


def test_the_rules_see_what_they_are_for():
    source = "def f():\n    from .. import show\n    import matplotlib.pyplot\n\nif TYPE_CHECKING:\n    import ipywidgets\n"
    found = list(imports_of(PACKAGE / "insight" / "pieces.py", source))
    assert [one.target for one in found] == ["course_utils.show", "matplotlib.pyplot"]
    assert not any(one.at_top for one in found)


def test_no_widget_calls_a_model_to_write():
    for path in sorted((PACKAGE / "play").glob("*.py")):
        assert ".generate(" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("page", PAGES)
def test_each_path_that_is_named_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text)
    paths = [path for path in paths if "/" in path or path.endswith((".py", ".md", ".toml", ".yml"))]
    paths += re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "room", sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())
)
def test_each_room_is_on_the_map(room):
    assert f"`course_utils/{room}/`" in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_each_module_at_the_front_door_is_on_the_map():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    files = [path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    assert [name for name in files if f"`course_utils/{name}`" not in text] == []


def test_the_table_of_variables_is_whole():
    """README has every `COURSE_*` variable that the code reads, in both languages, and no other."""
    named = re.compile(r"COURSE_[A-Z_]*[A-Z]")
    folders = [PACKAGE, ROOT / "tests", ROOT / ".ci"]
    sources = [ROOT / "conftest.py", *(path for folder in folders for path in folder.rglob("*.py"))]
    reads = re.compile(r"""(?:environ(?:\.get\(|\.pop\(|\[)|getenv\()\s*["'](COURSE_[A-Z_]*[A-Z])["']""")
    read = {name for path in sources for name in reads.findall(path.read_text(encoding="utf-8"))}
    tables = re.findall(
        r"^\| `(COURSE_\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert tables[: len(tables) // 2] == tables[len(tables) // 2 :]
    assert set(tables) >= read
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert set(tables) <= set(named.findall(code))
