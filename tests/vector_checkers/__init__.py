"""What checks parity files: checker by file name, from every module of this folder."""

from importlib import import_module
from pkgutil import iter_modules

MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
CHECKERS = {
    name: checker for module in MODULES for name, checker in getattr(module, "CHECKERS", {}).items()
}
