"""Imports the modules that are part of the plugin. `modules` and `main` come from the interpreter's start."""

import importlib.abc
import importlib.util
import linecache
import sys


class Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds modules in the plugin's own file."""

    def find_spec(self, name, path=None, target=None):
        if name not in modules:
            return None
        file, _, is_package = modules[name]
        spec = importlib.util.spec_from_loader(name, self, origin=file, is_package=bool(is_package))
        spec.has_location = True
        return spec

    def is_package(self, name):
        return bool(modules[name][2])

    def get_filename(self, name):
        return modules[name][0]

    def get_source(self, name):
        return modules[name][1].decode("utf-8")

    def get_code(self, name):
        return compile(modules[name][1], modules[name][0], "exec", dont_inherit=True)

    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)


sys.meta_path.insert(0, Finder())
# Tracebacks show lines of the source, which is in no file here.
for _file, _source, _ in modules.values():
    linecache.cache[_file] = (len(_source), None, _source.decode("utf-8").splitlines(True), _file)
for _stream in (sys.stdout, sys.stderr):
    if _stream is not None:
        _stream.reconfigure(line_buffering=True, errors="backslashreplace")

from batten_plugin import life  # noqa: E402

try:
    life.load(main)
except BaseException:
    # A second try begins anew.
    sys.meta_path.pop(0)
    for _name in modules:
        sys.modules.pop(_name, None)
    raise
