#!/usr/bin/env python3
"""Does the source tree keep the rules that no compiler checks?

Checks include direction, header guards, head comments, columns, banned constructs, links in
Markdown, and unfinished work without a reason. The rules are tables in rules.py.

Usage: tidy.py [ROOT]. Prints `path:line: what is wrong` for each finding; the exit code is 0 if
there is none. Without ROOT it checks the repository that holds this file.
"""

import fnmatch
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cpp_text
import markdown_links
import rules

_CPP = (".h", ".cc")
_INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
_URL = re.compile(r"https?://")
_UNFINISHED = re.compile(r"\b(TODO|FIXME)\b(\([^)\s][^)]*\):( +\S+){3})?")


def matches(path, patterns):
    """Whether a path matches one of the shell patterns."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def is_standard(header):
    """Whether a header is one of the C++ or C standard library."""
    return header in rules.STANDARD_C or ("." not in header and "/" not in header)


def library_of(header):
    """The library a header belongs to, or None: a header of ours or of the system."""
    for prefix, library in rules.LIBRARIES:
        if header.startswith(prefix):
            return library
    return None


def layer_of(path):
    """The row of LAYERS for a path, or None."""
    below = [layer for layer in rules.LAYERS if path.startswith(layer.folder + "/")]
    return max(below, key=lambda layer: len(layer.folder), default=None)


def includes_of(text):
    """(line, opening mark, header) of each #include."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def _refusal_of_include(path, layer, mark, header):
    """Why `path` may not include `header`, or None if it may."""
    library = library_of(header)
    if library:
        allowed = set(layer.libraries)
        for pattern, libraries in rules.FILE_LIBRARIES.items():
            if matches(path, [pattern]):
                allowed.update(libraries)
        return None if library in allowed else f"{path} may not use the library {library}"
    if mark == "<":
        if is_standard(header) or matches(header, layer.system):
            return None
        return f"{layer.folder} may not include the system's <{header}>"
    if header.startswith(rules.TESTS) and not path.startswith(rules.TESTS):
        return f'nothing outside tests/ may include "{header}"'
    if "/" not in header:
        return f'"{header}" is not written from the root of the repository'
    if not header.startswith(layer.includes):
        return f'{layer.folder} may not include "{header}"'
    return None


def check_includes(path, text):
    """Include direction, as the table LAYERS has it."""
    layer = layer_of(path)
    if path.endswith(_CPP) and layer and not path.startswith(rules.OTHER_ROOTS):
        for number, mark, header in includes_of(text):
            refusal = _refusal_of_include(path, layer, mark, header)
            if refusal:
                yield number, refusal


def guard_of(path):
    """The header guard of a path: as it is included, with the project's name in front."""
    included = path[len("include/"):] if path.startswith("include/weir/") else path
    included = included if included.startswith("weir/") else "weir/" + included
    return re.sub(r"[^A-Z0-9]", "_", included.upper()) + "_"


def check_header_guard(path, text):
    """A header is guarded by a name made from its path, repeated at the end."""
    if not path.endswith(".h"):
        return
    guard = guard_of(path)
    lines = [line.strip() for line in text.splitlines()]
    directives = [(number, line) for number, line in enumerate(lines, 1) if line.startswith("#")]
    if [line for _, line in directives[:2]] != [f"#ifndef {guard}", f"#define {guard}"]:
        yield (directives[0][0] if directives else 1), f"the header guard must be {guard}"
    elif not directives[-1][1].startswith("#endif") or not directives[-1][1].endswith(guard):
        yield directives[-1][0], f"the header must end with #endif  // {guard}"


def check_head_comment(path, text):
    """A source says first which question it answers, unless it begins with the header that does."""
    if not path.endswith(_CPP) or text.startswith("//"):
        return
    stem = path.rpartition("/")[2].rpartition(".")[0]
    begins_with = _INCLUDE.match(text.partition("\n")[0])
    own_headers = (f"{stem}.h", f"{stem.removesuffix('_test')}.h")
    if not begins_with or not begins_with.group(2).rpartition("/")[2] in own_headers:
        yield 1, "the file must begin with a comment: which question it answers"


def check_columns(path, text):
    """Lines fit the page; an address or an #include cannot be broken."""
    name = path.rpartition("/")[2]
    counted = path.endswith(rules.COUNTED_SUFFIXES) or name in rules.COUNTED_NAMES
    if not counted and not text.startswith("#!"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > rules.MAX_COLUMNS and not _URL.search(line) and not _INCLUDE.match(line):
            yield number, f"the line has {len(line)} columns, at most {rules.MAX_COLUMNS} fit"


def check_bans(path, text):
    """Constructs that some folders must not hold, as the table BANS has it."""
    bans = [
        ban
        for ban in rules.BANS
        if path.endswith(ban.suffixes)
        and path.startswith(ban.folders)
        and not matches(path, ban.allowed_in)
    ]
    if not bans:
        return
    for number, line in enumerate(cpp_text.code_only(text).splitlines(), 1):
        for ban in bans:
            found = re.search(ban.pattern, line)
            if found:
                yield number, f"'{found.group().strip(' (')}' {ban.reason}"


def check_unfinished_work(path, text):
    """Work that is left undone says why."""
    if matches(path, rules.MAY_NAME_UNFINISHED_WORK):
        return
    for number, line in enumerate(text.splitlines(), 1):
        for found in _UNFINISHED.finditer(line):
            if not found.group(2):
                yield number, f"write {found.group(1)}(why it waits): what is to be done"


_FILE_CHECKS = (
    check_includes,
    check_header_guard,
    check_head_comment,
    check_columns,
    check_bans,
    check_unfinished_work,
)


def check_single_users(texts):
    """Libraries that exactly one file of the product may include."""
    first = {}
    for path in sorted(texts):
        if not path.endswith(_CPP) or path.startswith(rules.FREE_FOLDERS):
            continue
        for number, _, header in includes_of(texts[path]):
            library = library_of(header)
            if library in rules.LIBRARIES_OF_ONE_FILE:
                if first.setdefault(library, path) != path:
                    yield path, number, f"{first[library]} alone may use the library {library}"


def check_tree(texts, paths):
    """All findings as (path, line, message), in order of the files.

    `texts` maps each path to its text; `paths` holds what a link may lead to.
    """
    findings = []
    for path, text in texts.items():
        for check in _FILE_CHECKS:
            findings += [(path, number, message) for number, message in check(path, text)]
    findings += check_single_users(texts)
    findings += markdown_links.check(texts, paths)
    return sorted(findings)


def _files_below(root):
    """Paths of all files that belong to the repository, relative to its root."""
    git = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
        capture_output=True, check=False, text=True,
    ) if (root / ".git").exists() else None
    if git and git.returncode == 0:
        names = [name for name in git.stdout.split("\0") if name]
    else:  # An exported tree: everything but what Bazel has put there.
        names = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith("bazel-") and f != ".git"]
            names += [os.path.relpath(os.path.join(folder, file), root) for file in files]
    return sorted(name for name in names if (root / name).is_file())


def read_tree(root):
    """(texts, paths) of the repository at `root`, for check_tree."""
    texts = {}
    paths = {"."}
    for name in _files_below(root):
        paths.add(name)
        paths.update(str(parent) for parent in pathlib.PurePosixPath(name).parents)
        try:
            texts[name] = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # Data, not text.
    return texts, paths


def main(arguments):
    """See the head of this file."""
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2])
    if not (root / "WORKSPACE").is_file():
        print(f"tidy: {root} holds no WORKSPACE, so it is not the repository", file=sys.stderr)
        return 2
    texts, paths = read_tree(root)
    findings = check_tree(texts, paths)
    for path, number, message in findings:
        print(f"{path}:{number}: {message}")
    print(f"tidy: {len(texts)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
