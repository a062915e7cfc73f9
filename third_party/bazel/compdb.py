#!/usr/bin/env python3
"""Which command compiles each source? Writes compile_commands.json for editors.

Reads the answer of `bazel aquery --output=jsonproto 'mnemonic("CppCompile", //...)'` from standard
input, writes the database to standard output. Commands run in the root of the workspace, where
the link bazel-out leads to generated headers.
"""

import json
import os
import sys

_SOURCES = (".cc", ".cpp", ".c")


def entry(action, directory):
    """The database entry of one action, or None if it compiles no source of ours."""
    arguments = action.get("arguments", [])
    sources = [word for word in arguments if word.endswith(_SOURCES)]
    if not sources or sources[-1].startswith("external/"):
        return None
    # -fno-canonical-system-headers is GCC's alone; clangd reports it as an error.
    kept = [word for word in arguments if word != "-fno-canonical-system-headers"]
    return {"directory": directory, "arguments": kept, "file": sources[-1]}


def database(answer, directory):
    """One entry per source, the first that Bazel names, in order of the files."""
    entries = {}
    for action in answer.get("actions", []):
        found = entry(action, directory)
        if found:
            entries.setdefault(found["file"], found)
    return [entries[name] for name in sorted(entries)]


if __name__ == "__main__":
    json.dump(database(json.load(sys.stdin), os.getcwd()), sys.stdout, indent=1)
    sys.stdout.write("\n")
