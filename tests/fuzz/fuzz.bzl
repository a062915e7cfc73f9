"""How does a fuzz target become a program?

`weir_fuzzer` makes the libFuzzer program of a target. It needs clang, so it is built with
`--config=fuzz` only (tests/fuzz/run does that) and left out of `//...`. The same target runs in
every configuration as a part of :corpus_test.
"""

load("//third_party/bazel:cc.bzl", "weir_cc_binary")

def weir_fuzzer(name, function, deps):
    """A libFuzzer program.

    Args:
      name: of the program.
      function: the target's function in targets.h.
      deps: where the function is defined.
    """
    weir_cc_binary(
        name = name,
        testonly = True,
        srcs = ["libfuzzer_entry.cc"],
        copts = ["-DWEIR_FUZZ_TARGET=" + function],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps,
    )
