"""How do the judges get what is not weir's? From the package registries, at pinned versions, into a
cache folder; never into what the user has installed."""

import contextlib
import pathlib
import re
import shutil
import sys

from harness.outcome import NotRun

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "third_party"))

import pinned  # pylint: disable=wrong-import-position


def cache_folder():
    return pinned.cache_folder("interop")


@contextlib.contextmanager
def _or_not_run():
    """What cannot be had means that a judge is not run."""
    try:
        yield
    except pinned.Missing as reason:
        raise NotRun(str(reason)) from reason


def _do(what, command, **options):
    """Runs a step of an installation; NotRun with its last words when it fails."""
    with _or_not_run():
        return pinned.run_step(what, command, **options)


# ---- Go ------------------------------------------------------------------------------------------


def build_go(module, package, binary):
    """The path of a program out of the Go module pinned in the folder `module`."""
    with _or_not_run():
        return pinned.build_go(cache_folder(), module, package, binary)


go_version = pinned.go_version


# ---- Python --------------------------------------------------------------------------------------


def python_environment(requirements):
    """The interpreter of a virtual environment with what `requirements` lists, and no more."""
    pins = requirements.read_bytes()
    folder = cache_folder() / f"python-{pinned.digest(sys.version, sys.executable, pins)}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        print(f"installing {requirements.name} into {folder}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _do("python3 -m venv", [sys.executable, "-m", "venv", folder])
        _do(
            "pip install",
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["--only-binary=:all:", "--require-hashes", "-r", requirements],
        )
        complete.touch()
    return python


def python_stubs(python, root, protos):
    """A folder with the Python modules of `protos`, files below `root`."""
    contents = [(root / proto).read_bytes() for proto in protos]
    folder = cache_folder() / f"stubs-{pinned.digest(python, *protos, *contents)}"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _do(
            "protoc",
            [python, "-m", "grpc_tools.protoc", f"-I{root}", f"--python_out={partial}"]
            + [f"--grpc_python_out={partial}", *protos],
        )
        partial.rename(folder)
    return folder


def pinned_python_version(requirements, name):
    return re.search(rf"^{re.escape(name)}==(\S+)", requirements.read_text(), re.MULTILINE)[1]
