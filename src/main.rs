//! The provider binary.

use std::process::ExitCode;

use terraform_provider_cams::clock::Clock;
use terraform_provider_cams::environment::Environment;
use terraform_provider_cams::plugin::{self, Mode, Plugin, Work};
use terraform_provider_cams::protocol::tfplugin6::provider_server::Provider;
use terraform_provider_cams::protocol::tfplugin6::{Schema, get_provider_schema};
use tokio_util::task::TaskTracker;

const PLUGIN: Plugin = Plugin {
    name: "cams",
    address: "registry.terraform.io/terraform-provider-cams/cams",
    version: env!("CARGO_PKG_VERSION"),
};

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let clock = Clock::system();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let work = Work::new(TaskTracker::new(), || ());
    let r = runtime.block_on(plugin::serve(
        &PLUGIN,
        Mode::Terraform,
        &environment,
        &clock,
        Empty,
        &work,
    ));
    runtime.shutdown_background();
    match r {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

struct Empty;

#[tonic::async_trait]
impl Provider for Empty {
    async fn get_provider_schema(
        &self,
        _: tonic::Request<get_provider_schema::Request>,
    ) -> Result<tonic::Response<get_provider_schema::Response>, tonic::Status> {
        Ok(tonic::Response::new(get_provider_schema::Response {
            provider: Some(Schema::default()),
            ..Default::default()
        }))
    }
}
