//! The plugin as a program: its flags, its log, its threads and its exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::platform;
use crate::protocol::tfplugin6::provider_server::Provider;

use super::{Error, Mode, Plugin, Work, log, panic, serve};

/// What the arguments ask for.
enum Command {
    Help,
    Serve(Mode),
    Version,
}

/// Does what `arguments` ask for. The service is made only if it is to serve.
pub fn main<S: Provider>(
    plugin: &Plugin,
    arguments: impl Iterator<Item = OsString>,
    environment: &Environment,
    clock: &Clock,
    service: impl FnOnce() -> (S, Work),
) -> ExitCode {
    panic::install_hook();
    let served = match parse(arguments) {
        Ok(Command::Help) => return say(io::stdout(), &help(plugin), ExitCode::SUCCESS),
        Ok(Command::Serve(mode)) => run(plugin, mode, environment, clock, service),
        Ok(Command::Version) => return say(io::stdout(), plugin.version, ExitCode::SUCCESS),
        Err(unknown) => {
            let text = format!("unknown argument {unknown}; see --help");
            return say(io::stderr(), &text, ExitCode::from(2));
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(io::stderr(), &error.to_string(), ExitCode::FAILURE),
    }
}

fn run<S: Provider>(
    plugin: &Plugin,
    mode: Mode,
    environment: &Environment,
    clock: &Clock,
    service: impl FnOnce() -> (S, Work),
) -> Result<(), Error> {
    let _flush = log::install(plugin, environment, clock);
    // Whoever debugs the plugin wants to look into it.
    if mode == Mode::Terraform {
        platform::forbid_core_dumps();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Threads)?;
    let (service, work) = service();
    let served = runtime.block_on(serve(plugin, mode, environment, clock, service, &work));
    // What is still under way has had its time, or Terraform has given it up.
    runtime.shutdown_background();
    served
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut command = Command::Serve(Mode::Terraform);
    for argument in arguments {
        command = match argument.to_str() {
            Some("--debug" | "-debug") => Command::Serve(Mode::Debug),
            Some("--help" | "-help" | "-h") => return Ok(Command::Help),
            Some("--version" | "-version") => return Ok(Command::Version),
            _ => return Err(argument.to_string_lossy().into_owned()),
        };
    }
    Ok(command)
}

fn help(plugin: &Plugin) -> String {
    let Plugin {
        name,
        address,
        version,
    } = plugin;
    let log = name.to_uppercase().replace('-', "_");
    format!(
        "terraform-provider-{name} {version}: the Terraform and OpenTofu provider {address}\n\n\
         Terraform starts this program by itself. Name it in required_providers of a configuration and run terraform init.\n\n\
         Usage: terraform-provider-{name} [--debug | --help | --version]\n\n  \
         --debug    Serve until interrupted, and print the setting that makes Terraform attach\n  \
         --help     Print this text\n  \
         --version  Print the version\n\n\
         TF_LOG_PROVIDER_{log}, TF_LOG_PROVIDER or TF_LOG sets what is logged: TRACE, DEBUG, INFO, WARN, ERROR or OFF."
    )
}

fn say(mut to: impl Write, text: &str, code: ExitCode) -> ExitCode {
    // A reader that is gone changes nothing about the outcome.
    let _ = writeln!(to, "{text}");
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn one_dash_is_as_good_as_two_and_nothing_unknown_passes() {
        assert!(matches!(parsed(&[]), Ok(Command::Serve(Mode::Terraform))));
        for debug in ["-debug", "--debug"] {
            assert!(matches!(parsed(&[debug]), Ok(Command::Serve(Mode::Debug))));
        }
        assert!(matches!(
            parsed(&["--debug", "--version"]),
            Ok(Command::Version)
        ));
        assert!(matches!(parsed(&["-help"]), Ok(Command::Help)));
        assert!(parsed(&["--verbose"]).is_err_and(|unknown| unknown == "--verbose"));
    }
}
