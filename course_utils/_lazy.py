"""Names of a package that are loaded when they are first asked for, so that importing the package is cheap."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def attach(
    package: str, exports: Mapping[str, Sequence[str]], submodules: bool = False
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for the package of that name.

    `exports`: by submodule, the names that it exports; with `submodules`, each submodule, too, is an attribute of the
    package that loads when it is first asked for.
    """
    home = {name: module for module, names in exports.items() for name in names}

    def getattr_of_package(name: str) -> Any:
        if name in home:
            value = getattr(import_module(f"{package}.{home[name]}"), name)
            setattr(sys.modules[package], name, value)
            return value
        if submodules and not name.startswith("_"):
            try:
                return import_module(f"{package}.{name}")
            except ModuleNotFoundError as error:
                if error.name != f"{package}.{name}":
                    raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def dir_of_package() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home})

    return getattr_of_package, dir_of_package, sorted(home)
