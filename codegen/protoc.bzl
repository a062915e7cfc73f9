"""How does a rule run protoc on .proto files that import each other across packages and workspaces?

Every import is relative to the root of the workspace that holds the imported file, as every
#include is. `WeirProtoInfo` carries what protoc has to see; `run_protoc` is one run of it.
"""

WeirProtoInfo = provider(
    doc = "The .proto files which those that depend on a library may import.",
    fields = {
        "import_roots": "depset of strings: the directories that imports are relative to",
        "sources": "depset of Files: the library's own and those of all it depends on",
    },
)

# What a rule needs in its `attrs` to call run_protoc. Tools run on the machine that builds.
PROTOC_ATTRS = {
    "_protoc": attr.label(
        allow_single_file = True,
        cfg = "exec",
        default = Label("@protobuf//:protoc"),
        executable = True,
    ),
    "_well_known_protos": attr.label(
        allow_files = True,
        default = Label("@protobuf//:well_known_protos"),
    ),
}

def _import_root(file):
    """The directory that the path of a file in an import or #include is relative to."""
    parts = [part for part in [file.root.path, file.owner.workspace_root] if part]
    return "/".join(parts) if parts else "."

def _import_path(file):
    root = _import_root(file)
    return file.path if root == "." else file.path[len(root) + 1:]

def proto_info(sources, deps):
    """WeirProtoInfo of a library with these sources, on top of those it depends on."""
    return WeirProtoInfo(
        import_roots = depset(
            [_import_root(source) for source in sources],
            transitive = [dep[WeirProtoInfo].import_roots for dep in deps],
        ),
        sources = depset(
            sources,
            transitive = [dep[WeirProtoInfo].sources for dep in deps],
        ),
    )

def declare_outputs(ctx, source, extensions):
    """Declares NAME + extension beside NAME.proto, for each extension.

    A #include finds the files under the path of the .proto only if both are in one package.
    """
    owner = source.owner
    if (owner.workspace_root, owner.package) != (ctx.label.workspace_root, ctx.label.package):
        fail("{library}: {source} is in another package; declare the library in //{package}".format(
            library = ctx.label,
            source = source.short_path,
            package = owner.package,
        ))
    path = _import_path(source)
    if ctx.label.package:
        path = path[len(ctx.label.package) + 1:]
    name = path[:-len(".proto")]
    return [ctx.actions.declare_file(name + extension) for extension in extensions]

def run_protoc(ctx, source, info, outputs, plugins):
    """Runs protoc on one file.

    Args:
      ctx: of a rule that has PROTOC_ATTRS.
      source: the .proto File.
      info: WeirProtoInfo that covers everything the file imports.
      outputs: Files that the run creates, made by declare_outputs.
      plugins: list of (name, File or None, options): `--NAME_out` with these options, and the
        executable behind it unless it is one of protoc's own.
    """
    arguments = ctx.actions.args()

    # The root of the file itself comes first: when the same path exists in several workspaces, each
    # of them means its own.
    roots = depset([_import_root(source)], transitive = [info.import_roots], order = "preorder")
    arguments.add_all(roots, before_each = "--proto_path")
    well_known = ctx.files._well_known_protos
    if well_known:
        well_known_root = well_known[0].path.partition("/google/protobuf/")[0]
        arguments.add("--proto_path", well_known_root)
    for name, executable, options in plugins:
        if executable:
            arguments.add(executable, format = "--plugin=protoc-gen-" + name + "=%s")
        if options:
            arguments.add("--%s_opt=%s" % (name, options))
        arguments.add("--%s_out=%s" % (name, _import_root(outputs[0])))
    arguments.add(source)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = depset(well_known, transitive = [info.sources]),
        tools = [executable for _, executable, _ in plugins if executable],
        outputs = outputs,
        mnemonic = "WeirProtoc",
        progress_message = "Generating C++ from " + source.short_path,
    )
