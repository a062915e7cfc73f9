"""How are the servers built that no Bazel rule knows: those of other languages?

Each is a module of its own language with pinned versions, built with the toolchain that is there.
What it needs comes from that language's registry.
"""

import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
BUILD_SECONDS = 1200  # a first build compiles every dependency


class Missing(Exception):
    """Why a server cannot be built here, in a few words."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(base) / "weir" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def do(command, folder, **environment):
    if not shutil.which(command[0]):
        raise Missing(f"there is no {command[0]}")
    try:
        done = subprocess.run(command, cwd=folder, env=os.environ | environment, check=False,
                              capture_output=True, text=True, timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} did not end in {BUILD_SECONDS} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise Missing(f"{command[0]} failed: {said[-1] if said else 'it says nothing'}")


def build_grpc_go():
    program = cache_folder() / "grpc_go_greeter"
    # The Go that is there must do: it may not fetch another one.
    do(["go", "build", "-o", str(program), "."], PEERS / "grpc_go",
       GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false")
    return program


def build_tonic():
    target = cache_folder() / "tonic"
    do(["cargo", "build", "--release", "--locked", "--target-dir", str(target)],
       PEERS / "tonic", WEIR_ROOT=str(ROOT))
    return target / "release" / "tonic_greeter"


def version(file, pattern):
    return re.search(pattern, (PEERS / file).read_text(), re.MULTILINE)[1]


# Name -> how to build it, and the version that is pinned.
FOREIGN = {
    "grpc-go": (build_grpc_go, version("grpc_go/go.mod", r"google.golang.org/grpc (v\S+)")),
    "tonic": (build_tonic, version("tonic/Cargo.toml", r"^tonic = .*\"=([0-9.]+)\"")),
}
