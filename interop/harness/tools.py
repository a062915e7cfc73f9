"""How do the judges get what is not weir's? From the package registries, at pinned versions, into a
cache folder; never into what the user has installed."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness.outcome import NotRun

# A first build compiles a lot; a registry may be slow.
BUILD_SECONDS = 1800


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "weir" / "interop"


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _do(what, command, **options):
    """Runs a step of an installation; NotRun with its last words when it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False, **options
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotRun(f"{what} failed: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise NotRun(f"{what} failed: {said[-1] if said else 'it says nothing'}")
    return done.stdout


# ---- Go ------------------------------------------------------------------------------------------


def _version(text):
    return tuple(int(number) for number in re.findall(r"[0-9]+", text)[:2])


def build_go(module, package, binary):
    """The path of a program out of the Go module pinned in the folder `module`."""
    if not shutil.which("go"):
        raise NotRun("no Go toolchain")
    # The Go that is there must do: it may not fetch another one.
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false")
    have = _do("go env", ["go", "env", "GOVERSION"], cwd=module, env=environment).strip()
    pins = (module / "go.mod").read_text()
    want = re.search(r"^go (\S+)$", pins, re.MULTILINE)[1]
    if _version(have) < _version(want):
        raise NotRun(f"no Go toolchain that is new enough: {have}, and {want} is needed")
    sums = (module / "go.sum").read_bytes()
    path = cache_folder() / f"{binary}-{_digest(have, pins, sums)}"
    if not path.exists():
        print(f"building {package} with {have}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        _do("go build", ["go", "build", "-o", path, package], cwd=module, env=environment)
    return path


def go_version(module, name):
    """The version of the module `name` that the folder `module` pins."""
    pins = (module / "go.mod").read_text()
    return re.search(rf"^(?:require )?\s*{re.escape(name)} (\S+)$", pins, re.MULTILINE)[1]


# ---- Python --------------------------------------------------------------------------------------


def python_environment(requirements):
    """The interpreter of a virtual environment with what `requirements` lists, and no more."""
    pins = requirements.read_bytes()
    folder = cache_folder() / f"python-{_digest(sys.version, sys.executable, pins)}"
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
    folder = cache_folder() / f"stubs-{_digest(python, *protos, *contents)}"
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
