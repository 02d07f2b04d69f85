//! Compiles `proto/` without protoc: the half of the protocol that Terraform plays.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=../../proto");
    let protos = [
        "../../proto/tfplugin6.proto",
        "../../proto/go_plugin_controller.proto",
        "../../proto/go_plugin_stdio.proto",
        "../../proto/go_plugin_broker.proto",
    ];
    let descriptors = protox::compile(protos, ["../../proto"])?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(descriptors)?;
    Ok(())
}
