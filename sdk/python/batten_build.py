#!/usr/bin/env python3
"""Builds a plugin in Python: one shared object with the author's modules and the SDK inside.

    batten_build.py word_count.py --output build

The module is imported once, here, to write the plugin's description into the library; nothing of Python runs when the
host asks for it. The library is built for the Python that runs this program.
"""

import argparse
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
# Where every plugin's process may read.
READABLE = ("/lib/", "/usr/lib/", "/usr/local/lib/")
# What does not belong into the library.
LEFT_OUT = {"vendor", "build", "tests", "__pycache__"}
NOT_AT_RUN_TIME = {"testing.py"}


class Problem(Exception):
    """Something that the author can mend."""


def main():
    parser = argparse.ArgumentParser(description="Builds a Batten plugin in Python into one shared object.")
    parser.add_argument("module", help="the file that makes the Plugin")
    parser.add_argument("--output", default="build", help="the folder for the library (default: build)")
    parser.add_argument("--alone", action="store_true", help="take this file only, not the others of its folder")
    arguments = parser.parse_args()
    try:
        print(build(os.path.abspath(arguments.module), os.path.abspath(arguments.output), arguments.alone))
    except Problem as problem:
        sys.exit(f"batten_build.py: {problem}")


def build(path, output, alone):
    """Builds the library; answers its path."""
    if sys.version_info < (3, 9):
        raise Problem(f"this is Python {sys.version.split()[0]}; 3.9 or newer is needed: choose another with PYTHON=…")
    name, extension = os.path.splitext(os.path.basename(path))
    if extension != ".py" or not os.path.exists(path):
        raise Problem(f"{path} is no file of Python")
    modules = collect_sdk() + collect(path, alone)
    known = getattr(sys, "stdlib_module_names", sys.builtin_module_names)
    for module, *_ in modules:
        if module in known:
            raise Problem(f"{module}.py has the name of a module of Python's own library: give it another name")
    plugin, capabilities = describe(os.path.dirname(path), name)
    work = os.path.join(output, f"python-{plugin.id}")
    os.makedirs(work, exist_ok=True)
    generated = os.path.join(work, "generated.c")
    with open(generated, "w", encoding="utf-8") as out:
        out.write(descriptor(plugin, capabilities))
        out.write(embedded(modules, name, plugin))
    library = os.path.join(output, f"libbatten-plugin-{plugin.id}.so")
    compile_library(generated, library)
    return library


def collect_sdk():
    """The SDK's modules: (name, file, is_package, source), the one that comes first at the start."""
    found = [("batten_first", "batten/first.py", False, read(os.path.join(HERE, "native", "first.py")))]
    folder = os.path.join(HERE, "batten_plugin")
    for file in sorted(os.listdir(folder)):
        if file.endswith(".py") and file not in NOT_AT_RUN_TIME:
            module = "batten_plugin" if file == "__init__.py" else f"batten_plugin.{file[:-3]}"
            found.append((module, f"batten_plugin/{file}", file == "__init__.py", read(os.path.join(folder, file))))
    return found


def collect(path, alone):
    """The author's modules: the file, and those beside it with their packages, tests left out."""
    root = os.path.dirname(path)
    if alone:
        return [(os.path.basename(path)[:-3], os.path.basename(path), False, read(path))]
    found = []

    def walk(folder, prefix):
        for entry in sorted(os.scandir(folder), key=lambda each: each.name):
            if entry.name.startswith((".", "test_")) or entry.name in LEFT_OUT:
                continue
            file = os.path.relpath(entry.path, root)
            if entry.is_dir():
                if os.path.exists(os.path.join(entry.path, "__init__.py")):
                    walk(entry.path, f"{prefix}{entry.name}.")
            elif entry.name == "__init__.py" and prefix:
                found.append((prefix[:-1], file, True, read(entry.path)))
            elif entry.name.endswith(".py") and entry.name not in ("__init__.py", "setup.py"):
                found.append((prefix + entry.name[:-3], file, False, read(entry.path)))

    walk(root, "")
    return found


def read(path):
    with open(path, "rb") as file:
        return file.read()


def describe(folder, name):
    """Imports the author's module; answers its plugin and what each executor needs."""
    sys.path[:0] = [HERE, folder]
    try:
        from batten_plugin.plugin import find_plugin

        plugin = find_plugin(importlib.import_module(name))
    except (TypeError, ValueError) as error:
        if last_file(error).startswith(HERE):
            raise Problem(f"{name}.py: {error}") from error
        raise
    return plugin, [plugin.capabilities(executor) for executor in plugin.executors]


def last_file(error):
    """The file in which an exception was raised."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename


def library_folders():
    """Where the modules of Python's library are."""
    stdlib = sysconfig.get_path("stdlib")
    dynamic = os.path.join(sysconfig.get_path("platstdlib"), "lib-dynload")
    return [stdlib] + ([dynamic] if os.path.isdir(dynamic) else [])


def quoted(text):
    """A literal of C for a text, NULL for none."""
    if not text:
        return "NULL"
    data = text.encode("utf-8")
    # Octal escapes of three digits end by themselves; `?` begins trigraphs.
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in data) + '"'


def descriptor(plugin, capabilities):
    """C for the plugin's description and a pair of functions for each executor."""
    from batten_plugin import VERSION

    lines = ['#include "border.h"', ""]
    lines += [
        "batten_rc python_start(const batten_host *, batten_span, batten_state **, batten_buffer *);",
        "void python_stop(batten_state *, int64_t);",
        "batten_rc python_open(size_t, batten_state *, batten_span, batten_instance **, batten_buffer *);",
        "void python_close(batten_instance *);",
        "void python_run(batten_instance *, const batten_call *);",
        "batten_rc python_begin(batten_instance *, const batten_call *);",
        "void python_cancel(batten_instance *, batten_token, batten_stop);",
        "",
    ]
    for index, executor in enumerate(plugin.executors):
        needs = capabilities[index]
        lines += [
            f"static batten_rc open_{index}(batten_state *state, batten_span config, batten_instance **instance,",
            "                        batten_buffer *why) {",
            f"    return python_open({index}, state, config, instance, why);",
            "}",
            f"static const batten_executor executor_{index} = {{",
            "    .struct_size = sizeof(batten_executor),",
            f"    .flags = {executor.flags}u,",
            f"    .max_in_flight = {int(executor.max_in_flight)}u,",
            f"    .type = {quoted(executor.type)},",
            f"    .version = {quoted(executor.version)},",
            f"    .title = {quoted(executor.title)},",
            f"    .description = {quoted(executor.description)},",
            f"    .config_schema = {quoted(json.dumps(executor.config_schema))},",
            f"    .input_schema = {quoted(json.dumps(executor.input_schema))},",
            f"    .output_schema = {quoted(json.dumps(executor.output_schema))},",
            f"    .capabilities = {quoted(json.dumps(needs))},",
            f"    .open = open_{index},",
            "    .close = python_close,",
            f"    .{'begin = python_begin' if executor.is_async else 'run = python_run'},",
            "    .cancel = python_cancel,",
            "};",
        ]
    # One interpreter a process, which is never taken down: it has a process of its own.
    manifest = {**plugin.manifest, "isolation": plugin.manifest.get("isolation", "worker")}
    if manifest["isolation"] == "in_process":
        raise Problem("a plugin in Python needs a process of its own: leave `isolation` out of its manifest")
    lines += [
        "static const batten_executor *const executors[] = {"
        + ", ".join(f"&executor_{index}" for index in range(len(plugin.executors))) + "};",
        "const batten_plugin python_descriptor = {",
        "    .struct_size = sizeof(batten_plugin),",
        "    .abi_major = BATTEN_ABI_MAJOR,",
        "    .abi_minor = BATTEN_ABI_MINOR,",
        f"    .executor_count = {len(plugin.executors)},",
        f"    .id = {quoted(plugin.id)},",
        f"    .version = {quoted(plugin.version)},",
        f"    .title = {quoted(plugin.title)},",
        f"    .description = {quoted(plugin.description)},",
        f"    .sdk = {quoted(f'python/{VERSION}')},",
        f"    .manifest_json = {quoted(json.dumps(manifest))},",
        '    .config_schema = "{\\"type\\": \\"object\\", \\"additionalProperties\\": false}",',
        "    .executors = executors,",
        "    .start = python_start,",
        "    .stop = python_stop,",
        "};",
        "",
    ]
    return "\n".join(lines)


def embedded(modules, main, plugin):
    """C for the modules and where Python's own are."""
    lines = []
    for index, (_, _, _, source) in enumerate(modules):
        lines.append(f"static const unsigned char source_{index}[] = {{")
        lines += [",".join(map(str, source[at:at + 32])) + "," for at in range(0, len(source), 32)]
        lines.append("0};")
    lines.append("const python_module python_modules[] = {")
    for index, (name, file, is_package, source) in enumerate(modules):
        lines.append(f"    {{{quoted(name)}, {quoted(file)}, {int(is_package)}, source_{index}, {len(source)}}},")
    folders = library_folders() + plugin.search_path
    lines += [
        "};",
        f"const size_t python_module_count = {len(modules)};",
        f"const char python_main[] = {quoted(main)};",
        f"const char python_home[] = {quoted(sys.base_prefix)};",
        "const char *const python_path[] = {" + ", ".join(map(quoted, folders)) + ", NULL};",
        "",
    ]
    return "\n".join(lines)


def compile_library(generated, library):
    """Runs the C compiler."""
    include = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(include, "Python.h")):
        raise Problem(f"{include}/Python.h is missing: install the package python3-dev")
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        raise Problem(f"{sys.executable} was built without a shared library: choose another with PYTHON=…")
    folder = sysconfig.get_config_var("LIBDIR")
    outside = [each for each in [folder] + library_folders() if not (each + "/").startswith(READABLE)]
    if outside:
        raise Problem(
            f"{sys.executable} has its library in {outside[0]}, and a plugin's process may read libraries in "
            "/usr/lib and /usr/local/lib only: choose another with PYTHON=…, such as /usr/bin/python3")
    name = re.sub(r"^lib|\.so.*$", "", sysconfig.get_config_var("LDLIBRARY"))
    headers = os.path.join(HERE, "include")
    if not os.path.isdir(headers):
        headers = os.path.join(HERE, "..", "c", "include")
    native = os.path.join(HERE, "native")
    sources = [os.path.join(native, file) for file in ("plugin.c", "services.c", "interpreter.c")]
    command = shlex.split(os.environ.get("CC", "cc")) + [
        "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", *shlex.split(os.environ.get("CFLAGS", "-O2 -g")), "-shared",
        "-fPIC", "-fvisibility=hidden", "-Wl,-z,nodelete", f"-I{headers}", f"-I{native}", f"-isystem{include}",
        "-o", library, generated, *sources, f"-L{folder}", f"-l{name}", "-ldl", "-lpthread",
    ]
    if subprocess.run(command).returncode != 0:
        raise Problem("the C compiler failed; its messages are above")


if __name__ == "__main__":
    main()
