"""How are the servers built that no Bazel rule knows: those of other languages?

Each is a module of its own language with pinned versions, built with the toolchain that is there.
What it needs comes from that language's registry.
"""

import os
import pathlib
import re

import pinned

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"


def build_grpc_go():
    cache = pinned.cache_folder("bench")
    return pinned.build_go(cache, PEERS / "grpc_go", ".", "grpc_go_greeter", ["main.go"])


def build_tonic():
    # Cargo finds out by itself what has changed.
    target = pinned.cache_folder("bench") / "tonic"
    pinned.run_step(
        "cargo build",
        ["cargo", "build", "--release", "--locked", "--target-dir", str(target)],
        cwd=PEERS / "tonic", env=dict(os.environ, WEIR_ROOT=str(ROOT)))
    return target / "release" / "tonic_greeter"


def tonic_version():
    pins = (PEERS / "tonic" / "Cargo.toml").read_text()
    return re.search(r"^tonic = .*\"=([0-9.]+)\"", pins, re.MULTILINE)[1]


# Name of a program -> how to build it.
BUILDERS = {"grpc-go": build_grpc_go, "tonic": build_tonic}


def versions():
    """Name of a program -> the version that is pinned."""
    return {
        "grpc-go": pinned.go_version(PEERS / "grpc_go", "google.golang.org/grpc"),
        "tonic": tonic_version(),
    }
