"""Which compiler options does every C++ target of weir have?

`weir_cc_library`, `weir_cc_binary` and `weir_cc_test` take the attributes of Bazel's own rules.
Their code compiles without a warning, everywhere: the options are part of the targets, not of
.bazelrc, so that they hold as well when weir is built from another workspace.
"""

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
]

# C++20 whatever the workspace's default is; after `--cxxopt`, so this one decides.
_LANGUAGE = ["-std=c++20"]

def weir_cc_library(name, copts = [], linkstatic = True, **attributes):
    """A cc_library of weir's own code.

    It is linked statically, because Bazel would compile each source a second time, for a shared
    library that nobody uses.
    """
    native.cc_library(
        name = name,
        copts = _LANGUAGE + _WARNINGS + copts,
        linkstatic = linkstatic,
        **attributes
    )

def weir_cc_binary(name, copts = [], **attributes):
    """A cc_binary of weir's own code."""
    native.cc_binary(
        name = name,
        copts = _LANGUAGE + _WARNINGS + copts,
        **attributes
    )

def weir_cc_test(name, copts = [], linkstatic = True, size = "small", **attributes):
    """A cc_test of weir's own code; it has a minute unless it names another size."""
    native.cc_test(
        name = name,
        copts = _LANGUAGE + _WARNINGS + copts,
        linkstatic = linkstatic,
        size = size,
        **attributes
    )

def weir_generated_cc_library(name, copts = [], linkstatic = True, **attributes):
    """A cc_library of generated code, whose warnings nobody here could mend.

    Programs have all of it: nothing refers to the messages of a file that holds services alone, and
    reflection, which looks for files by name, would not find it.
    """
    native.cc_library(
        name = name,
        alwayslink = True,
        copts = _LANGUAGE + ["-w"] + copts,
        linkstatic = linkstatic,
        **attributes
    )
