use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = std::env::var("WEIR_ROOT").expect("WEIR_ROOT is set by bench/run");
    println!("cargo:rerun-if-env-changed=WEIR_ROOT");
    let proto = Path::new(&root).join("examples/greeter/greeter.proto");
    tonic_prost_build::configure()
        .build_client(false)
        .compile_protos(&[proto.as_path()], &[Path::new(&root)])
}
