"""The course's own files have one source, the top folders of the repository; a wheel brings a copy of them.

It also puts the course's part of JupyterLab where every JupyterLab of the environment finds it: a hub's, for example.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
PACKED = Path("course_utils", "_course")  # course_utils/place.py finds it there
JUPYTER = Path("course_utils", "assets", "jupyter")
FOLDERS = ("notebooks", "images")
FILES = (
    "README.md",
    "TEACHING.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "LICENSE-TEXT",
    "THIRD_PARTY.md",
    "environment.yml",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
)


def course_files() -> list[Path]:
    """Return what goes into the wheel beside the package, by its path in the repository."""
    found = (
        path.relative_to(ROOT) for name in FOLDERS for path in (ROOT / name).rglob("*") if path.is_file()
    )
    return sorted(path for path in found if not any(part.startswith(".") for part in path.parts)) + [
        Path(name) for name in FILES
    ]


def jupyter_files() -> list[tuple[str, list[str]]]:
    """Return JupyterLab's extension and the setting that switches the server's part on, by the folder they belong in."""
    extension = JUPYTER / "share" / "labextensions" / "gpt2-course"
    places = {
        "share/jupyter/labextensions/gpt2-course": extension,
        "share/jupyter/labextensions/gpt2-course/static": extension / "static",
        "etc/jupyter/jupyter_server_config.d": JUPYTER / "jupyter_server_config.d",
    }
    return [
        (
            place,
            [
                path.relative_to(ROOT).as_posix()
                for path in sorted((ROOT / folder).iterdir())
                if path.is_file()
            ],
        )
        for place, folder in places.items()
    ]


class BuildWithTheCourse(build_py):
    """Bring the course's files into what is built; an editable install finds them where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / PACKED
        shutil.rmtree(target, ignore_errors=True)  # an earlier build's
        for path in course_files():
            self.mkpath(str((target / path).parent))
            self.copy_file(str(ROOT / path), str(target / path))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        added = [] if self.editable_mode else [str(Path(self.build_lib) / PACKED / p) for p in course_files()]
        return super().get_outputs(include_bytecode) + added


setup(cmdclass={"build_py": BuildWithTheCourse}, data_files=jupyter_files())
