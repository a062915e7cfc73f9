"""How do benchmarks and outside judges get programs of other projects? Built from the registries of
their languages, at pinned versions, into a cache folder; never into what the user has installed."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

# A first build compiles a lot; a registry may be slow.
BUILD_SECONDS = 1800


class Missing(Exception):
    """Why something cannot be had on this machine, in a few words."""


def cache_folder(name):
    """The folder of the cache that `name` may fill; it need not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "weir" / name


def digest(*parts):
    """A short name for what something is made of: other parts, another name."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part if isinstance(part, bytes) else str(part).encode())
        whole.update(b"\0")
    return whole.hexdigest()[:16]


def run_step(what, command, **options):
    """What a step of an installation prints; Missing with its last words when it fails."""
    if not shutil.which(command[0]):
        raise Missing(f"there is no {command[0]}")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False, **options
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{what} failed: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Missing(f"{what} failed: {said[-1] if said else 'it says nothing'}")
    return done.stdout


def _version(text):
    return tuple(int(number) for number in re.findall(r"[0-9]+", text)[:2])


def build_go(cache, module, package, binary, sources=()):
    """The path of a program out of the Go module pinned in the folder `module`.

    `sources` are the module's own files that the program is made of, if it has any: when one of
    them changes, the program is built again.
    """
    if not shutil.which("go"):
        raise Missing("no Go toolchain")
    # The Go that is there must do: it may not fetch another one.
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false")
    have = run_step("go env", ["go", "env", "GOVERSION"], cwd=module, env=environment).strip()
    pins = (module / "go.mod").read_text()
    want = re.search(r"^go (\S+)$", pins, re.MULTILINE)[1]
    if _version(have) < _version(want):
        raise Missing(f"no Go toolchain that is new enough: {have}, and {want} is needed")
    sums = (module / "go.sum").read_bytes()
    contents = [(module / source).read_bytes() for source in sources]
    path = cache / f"{binary}-{digest(have, pins, sums, *contents)}"
    if not path.exists():
        print(f"building {binary} with {have}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        run_step("go build", ["go", "build", "-o", path, package], cwd=module, env=environment)
    return path


def go_version(module, name):
    """The version of the module `name` that the folder `module` pins."""
    pins = (module / "go.mod").read_text()
    return re.search(rf"^(?:require )?\s*{re.escape(name)} (\S+)$", pins, re.MULTILINE)[1]
