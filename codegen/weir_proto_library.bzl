"""How does a .proto become a C++ library with messages and services?

    load("@weir//codegen:weir_proto_library.bzl", "weir_proto_library")

    weir_proto_library(
        name = "greeter_proto",
        srcs = ["greeter.proto"],
    )

A target that depends on `:greeter_proto` writes, from the root of the workspace,

    #include "path/to/greeter.pb.h"    // messages
    #include "path/to/greeter.weir.h"  // service classes
"""

load(
    "//codegen:protoc.bzl",
    "PROTOC_ATTRS",
    "WeirProtoInfo",
    "declare_outputs",
    "proto_info",
    "run_protoc",
)
load("//third_party/bazel:cc.bzl", "weir_generated_cc_library")

def _weir_proto_sources_impl(ctx):
    info = proto_info(ctx.files.srcs, ctx.attr.deps)
    plugins = [("cpp", None, "")]
    extensions = [".pb.h", ".pb.cc"]
    if ctx.attr.services:
        plugins.append(("weir", ctx.executable._plugin, ""))
        extensions += [".weir.h", ".weir.cc"]
    generated = []
    for source in ctx.files.srcs:
        outputs = declare_outputs(ctx, source, extensions)
        run_protoc(ctx, source, info, outputs, plugins)
        generated += outputs
    headers = [file for file in generated if file.extension == "h"]
    return [
        DefaultInfo(files = depset(generated)),
        OutputGroupInfo(headers = depset(headers)),
        info,
    ]

_weir_proto_sources = rule(
    implementation = _weir_proto_sources_impl,
    attrs = dict(
        deps = attr.label_list(providers = [WeirProtoInfo]),
        services = attr.bool(mandatory = True),
        srcs = attr.label_list(allow_empty = False, allow_files = [".proto"], mandatory = True),
        _plugin = attr.label(
            cfg = "exec",
            default = Label("//codegen:protoc-gen-weir"),
            executable = True,
        ),
        **PROTOC_ATTRS
    ),
    doc = "C++ files generated from .proto files.",
)

def _weir_proto_library_impl(ctx):
    compiled = ctx.attr.compiled
    return [
        DefaultInfo(
            files = compiled[DefaultInfo].files,
            runfiles = compiled[DefaultInfo].default_runfiles,
        ),
        compiled[CcInfo],
        ctx.attr.generated[WeirProtoInfo],
    ]

_weir_proto_library = rule(
    implementation = _weir_proto_library_impl,
    attrs = {
        "compiled": attr.label(mandatory = True, providers = [CcInfo]),
        "generated": attr.label(mandatory = True, providers = [WeirProtoInfo]),
    },
    doc = "A C++ library that knows the .proto files it was made from.",
    provides = [CcInfo, WeirProtoInfo],
)

def weir_proto_library(
        name,
        srcs,
        deps = [],
        services = True,
        visibility = None,
        testonly = None,
        tags = []):
    """Messages and services of .proto files as a C++ library, for `deps` of any cc_ rule.

    A program that depends on it has all of it, and can have the same messages from nowhere else.
    Imports are written from the root of the workspace that holds the imported file. Those of
    google/protobuf need no dependency.

    Args:
      name: of the library.
      srcs: .proto files of this package, each with at least one service.
      deps: weir_proto_library targets, of any package or workspace, with what `srcs` import.
      services: False for files that define messages only: no .weir.h is made, and the library does
        not depend on weir.
      visibility: as for every rule.
      testonly: as for every rule.
      tags: as for every rule.
    """
    generated = name + ".generated"
    headers = name + ".headers"
    compiled = name + ".compiled"
    private = ["//visibility:private"]
    _weir_proto_sources(
        name = generated,
        srcs = srcs,
        services = services,
        tags = tags,
        testonly = testonly,
        visibility = private,
        deps = deps,
    )
    native.filegroup(
        name = headers,
        srcs = [generated],
        output_group = "headers",
        tags = tags,
        testonly = testonly,
        visibility = private,
    )
    weir_generated_cc_library(
        name = compiled,
        srcs = [generated],
        hdrs = [headers],
        tags = tags,
        testonly = testonly,
        visibility = private,
        deps = deps + [Label("@protobuf//:protobuf")] + ([Label("//:weir")] if services else []),
    )
    _weir_proto_library(
        name = name,
        compiled = compiled,
        generated = generated,
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )
