"""How do Bazel's own dependencies exist on a machine where Bazel downloads nothing?

Debian packages hold rules_java, which works as it is, and rules_cc, which is newer than Debian's
Bazel 4.2.3 expects: two of its files load `use_cpp_toolchain`, which that Bazel does not have, so
that not even `@rules_cc//cc:defs.bzl` loads. Both files define rules which almost no build uses.
`debian_rules_cc` is the installed package with these two replaced. No package holds the programs
of `bazel coverage`; `absent_coverage_tools` stands in their place.
"""

_INSTALLED = "/usr/share/bazel/rules/cc"

_RULES = "cc/private/rules_impl"

# File in _RULES that is replaced -> the rule which it has to define.
_REPLACED = {
    "cc_flags_supplier.bzl": "cc_flags_supplier",
    "compiler_flag.bzl": "compiler_flag",
}

_REPLACEMENT = """
def _{rule}_impl(ctx):
    fail("{rule} needs a newer Bazel than 4.2.3")

{rule} = rule(implementation = _{rule}_impl)
"""

def _link_children(repository_ctx, directory, skipped):
    """Links everything in a directory of the package except what is built by hand."""
    for child in repository_ctx.path(_INSTALLED + "/" + directory).readdir():
        if child.basename not in skipped:
            path = directory + "/" + child.basename if directory else child.basename
            repository_ctx.symlink(child, path)

def _debian_rules_cc_impl(repository_ctx):
    if not repository_ctx.path(_INSTALLED + "/cc/defs.bzl").exists:
        fail("\n\n@rules_cc needs %s, which is not on this machine: " % _INSTALLED +
             "install the Debian package bazel-rules-cc, or run ./dev setup.\n")
    _link_children(repository_ctx, "", ["WORKSPACE", "MODULE.bazel", "cc"])
    _link_children(repository_ctx, "cc", ["private"])
    _link_children(repository_ctx, "cc/private", ["rules_impl"])
    _link_children(repository_ctx, _RULES, _REPLACED.keys())
    for name, rule in _REPLACED.items():
        content = _REPLACEMENT.format(rule = rule)
        repository_ctx.file(_RULES + "/" + name, content, executable = False)

debian_rules_cc = repository_rule(
    implementation = _debian_rules_cc_impl,
    doc = "The rules_cc of Debian's bazel-rules-cc, made loadable by Debian's Bazel.",
    local = True,
)

_COVERAGE_BUILD = """
[sh_binary(
    name = name,
    srcs = ["absent.sh"],
    visibility = ["//visibility:public"],
) for name in ["coverage_report_generator", "lcov_merger"]]
"""

_COVERAGE_SCRIPT = """#!/bin/sh
echo "bazel coverage needs Bazel's coverage_output_generator, which no Debian package holds" >&2
exit 1
"""

def _absent_coverage_tools_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", _COVERAGE_BUILD, executable = False)
    repository_ctx.file("absent.sh", _COVERAGE_SCRIPT)

absent_coverage_tools = repository_rule(
    implementation = _absent_coverage_tools_impl,
    doc = "Stands for the programs that `bazel coverage` downloads, and says that they are absent.",
)
