"""How does a library of the system become a Bazel repository?

`system_library` looks for the development files of a Debian package where the compiler looks for
them. It links the libraries into the repository under `lib/`, so that a library which has changed
relinks what uses it, the programs under `bin/`, and data such as .proto files under `include/`.
Headers stay where they are: Bazel's toolchain knows the compiler's default path already.
A missing file ends the build with one sentence that names the package.
"""

def _fail_missing(repository_ctx, what):
    packages = repository_ctx.attr.packages
    fail("\n\n@{name} needs {what}, which is not on this machine: ".format(
        name = repository_ctx.name,
        what = what,
    ) + "install the Debian package{s} {packages}, or run ./dev setup.\n".format(
        s = "s" if len(packages) > 1 else "",
        packages = " and ".join(packages),
    ))

def _compiler(repository_ctx):
    name = repository_ctx.os.environ.get("CC", "gcc")
    path = repository_ctx.path(name) if name.startswith("/") else repository_ctx.which(name)
    if not path:
        fail("\n\nno C++ compiler called '%s' is in PATH: " % name +
             "install the Debian package g++, or run ./dev setup.\n")
    return path

def _find_header(repository_ctx, compiler, header):
    """The path of a header, or None. The compiler is asked, because it alone knows its path."""
    repository_ctx.file("probe.cc", "#include <%s>\n" % header, executable = False)
    command = [compiler, "-x", "c++", "-std=c++20", "-M", "probe.cc"]
    answer = repository_ctx.execute(command)
    repository_ctx.delete("probe.cc")
    if answer.return_code == 0:
        for word in answer.stdout.replace("\\\n", " ").split(" "):
            if word.strip().endswith("/" + header):
                return word.strip()
    return None

def _find_library(repository_ctx, compiler, library):
    """The path of a library, or None: the compiler answers with the bare name if it has none."""
    answer = repository_ctx.execute([compiler, "-print-file-name=" + library]).stdout.strip()
    return repository_ctx.path(answer).realpath if answer.startswith("/") else None

def _system_library_impl(repository_ctx):
    compiler = _compiler(repository_ctx)
    for header in repository_ctx.attr.headers:
        path = _find_header(repository_ctx, compiler, header)
        if not path:
            _fail_missing(repository_ctx, "the header <%s>" % header)
        directory = header.rpartition("/")[0]
        if directory in repository_ctx.attr.linked_directories:
            repository_ctx.symlink(path.rpartition("/")[0], "include/" + directory)
    for library in repository_ctx.attr.libraries:
        path = _find_library(repository_ctx, compiler, library)
        if not path:
            _fail_missing(repository_ctx, "the library " + library)
        repository_ctx.symlink(path, "lib/" + library)
    for program in repository_ctx.attr.programs:
        path = repository_ctx.which(program)
        if not path:
            _fail_missing(repository_ctx, "the program " + program)
        repository_ctx.symlink(path, "bin/" + program)
    repository_ctx.symlink(repository_ctx.attr.build_file, "BUILD.bazel")

system_library = repository_rule(
    implementation = _system_library_impl,
    attrs = {
        "build_file": attr.label(
            mandatory = True,
            allow_single_file = True,
            doc = "Becomes the BUILD file of the repository.",
        ),
        "headers": attr.string_list(doc = "Headers that must exist, as an #include writes them."),
        "libraries": attr.string_list(doc = "Library files that must exist, by file name."),
        "linked_directories": attr.string_list(
            doc = "Directories of `headers` whose other files are needed, under include/.",
        ),
        "packages": attr.string_list(
            mandatory = True,
            doc = "The Debian packages that hold all these files.",
        ),
        "programs": attr.string_list(doc = "Programs that must be in PATH."),
    },
    doc = "A library that a Debian package has installed.",
    environ = ["CC", "PATH"],
    local = True,
)
