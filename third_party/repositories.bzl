"""Which repositories does weir need, and where on a Debian machine is each of them?

A workspace that uses weir writes:

    local_repository(name = "weir", path = "...")
    load("@weir//third_party:repositories.bzl", "weir_dependencies")
    weir_dependencies()

A repository that the workspace has defined before this call is left as it is.
"""

load("//third_party/bazel:debian_rules.bzl", "absent_coverage_tools", "debian_rules_cc")
load("//third_party/bazel:system_library.bzl", "system_library")

# Repository -> attributes of system_library; its BUILD file is <repository>.BUILD in this folder.
# README.md says why each library is here, how it is linked, and who may use it.
_LIBRARIES = {
    "benchmark": dict(
        packages = ["libbenchmark-dev"],
        headers = ["benchmark/benchmark.h"],
        libraries = ["libbenchmark.so"],
    ),
    "c_ares": dict(
        packages = ["libc-ares-dev"],
        headers = ["ares.h"],
        libraries = ["libcares.so"],
    ),
    "googletest": dict(
        packages = ["libgtest-dev", "libgmock-dev"],
        headers = ["gtest/gtest.h", "gmock/gmock.h"],
        libraries = ["libgtest.a", "libgmock.a", "libgmock_main.a"],
    ),
    "grpc": dict(
        packages = ["libgrpc++-dev", "protobuf-compiler-grpc"],
        headers = ["grpcpp/grpcpp.h"],
        libraries = ["libgrpc++.so", "libgrpc.so", "libgpr.so", "libgrpc++_reflection.a"],
        programs = ["grpc_cpp_plugin"],
    ),
    "nghttp2": dict(
        packages = ["libnghttp2-dev"],
        headers = ["nghttp2/nghttp2.h"],
        libraries = ["libnghttp2.a", "libnghttp2.so"],
    ),
    "openssl": dict(
        packages = ["libssl-dev"],
        headers = ["openssl/ssl.h"],
        libraries = ["libssl.so", "libcrypto.so"],
    ),
    "protobuf": dict(
        packages = ["libprotobuf-dev", "libprotoc-dev", "protobuf-compiler"],
        headers = ["google/protobuf/message.h", "google/protobuf/compiler/code_generator.h"],
        libraries = ["libprotobuf.a", "libprotobuf.so", "libprotoc.a", "libprotoc.so"],
        linked_directories = ["google/protobuf"],
        programs = ["protoc"],
    ),
    "zlib": dict(
        packages = ["zlib1g-dev"],
        headers = ["zlib.h"],
        libraries = ["libz.so"],
    ),
    "zstd": dict(
        packages = ["libzstd-dev"],
        headers = ["zstd.h"],
        libraries = ["libzstd.so"],
    ),
}

def weir_dependencies():
    """Defines every repository that weir, its tests and its generated code need."""
    for name, attributes in _LIBRARIES.items():
        if not native.existing_rule(name):
            system_library(
                name = name,
                build_file = Label("//third_party:%s.BUILD" % name),
                **attributes
            )
    if not native.existing_rule("rules_cc"):
        debian_rules_cc(name = "rules_cc")

    # Bazel resolves a Java toolchain in every build, and would otherwise download these rules.
    if not native.existing_rule("rules_java"):
        native.local_repository(
            name = "rules_java",
            path = "/usr/share/bazel/rules/java",
        )

    # Every test depends on a downloaded program which only `bazel coverage` runs.
    if not native.existing_rule("remote_coverage_tools"):
        absent_coverage_tools(name = "remote_coverage_tools")
