//! Compiles `proto/` without protoc: the server half for the provider, the client half for the
//! integration tests, which play Terraform's part.

use std::path::PathBuf;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder this way"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let protos = [
        "proto/tfplugin6.proto",
        "proto/go_plugin_controller.proto",
        "proto/go_plugin_stdio.proto",
        "proto/go_plugin_broker.proto",
    ];
    let descriptors = protox::compile(protos, ["proto"])?;

    tonic_prost_build::configure()
        .build_client(false)
        .generate_default_stubs(true)
        .compile_fds(descriptors.clone())?;

    let client = PathBuf::from(std::env::var("OUT_DIR")?).join("client");
    std::fs::create_dir_all(&client)?;
    tonic_prost_build::configure()
        .build_server(false)
        .out_dir(client)
        .compile_fds(descriptors)?;
    Ok(())
}
