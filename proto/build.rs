//! Compiles the protocols of this directory without protoc. The framework gets the half that a provider
//! plays, and `protocol-client` the half that Terraform plays.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=../../proto");
    let protos = [
        "../../proto/tfplugin6.proto",
        "../../proto/go_plugin_controller.proto",
        "../../proto/go_plugin_stdio.proto",
        "../../proto/go_plugin_broker.proto",
    ];
    let client = env!("CARGO_PKG_NAME") == "protocol-client";
    tonic_prost_build::configure()
        .build_client(client)
        .build_server(!client)
        .generate_default_stubs(true)
        .compile_fds(protox::compile(protos, ["../../proto"])?)?;
    Ok(())
}
