//! The plugin as a program: its arguments, its log, its threads and its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::framework::provider::Provider;
use crate::framework::server::{InvalidProvider, Server};
use base::clock::Clock;
use base::environment::Environment;
use base::foreign_text;
use base::platform;
use base::terminal;

use super::{Mode, Plugin, ServeError, log, panic, serve};

/// What the command line asks for.
enum Invocation {
    Help,
    Serve(Mode),
    Version,
}

/// Does what the command line asks for, and gives the exit code of the process.
///
/// `server` makes the server of the provider. It is called only if the plugin is to serve, after the
/// handshake line is written. The exit code is 1 if the plugin cannot be served or what was asked for
/// cannot be printed, and 2 for an argument that it does not have.
pub fn main<P: Provider>(
    plugin: &Plugin,
    arguments: impl Iterator<Item = OsString>,
    environment: &Environment,
    clock: &Clock,
    server: impl FnOnce() -> Result<Server<P>, InvalidProvider>,
) -> ExitCode {
    panic::install_hook(plugin);
    let served = match parse(arguments) {
        Ok(Invocation::Help) => return print(&help(plugin)),
        Ok(Invocation::Serve(mode)) => run(plugin, mode, environment, clock, server),
        Ok(Invocation::Version) => return print(plugin.version),
        Err(unknown) => {
            return fail(&format!("unknown argument {unknown}; see --help"), 2);
        }
    };
    let Err(error) = served else {
        return ExitCode::SUCCESS;
    };
    if let Some(line) = error.in_place_of_handshake() {
        // If this fails, stderr still has the text.
        let _ = terminal::print(&line);
    }
    fail(&error.to_string(), 1)
}

fn run<P: Provider>(
    plugin: &Plugin,
    mode: Mode,
    environment: &Environment,
    clock: &Clock,
    server: impl FnOnce() -> Result<Server<P>, InvalidProvider>,
) -> Result<(), ServeError> {
    let _flush = log::install(plugin, environment, clock);
    // A person who debugs the plugin may want a core dump.
    if mode == Mode::Terraform {
        platform::forbid_core_dumps();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::cannot("wait for input and output"))?;
    let served = runtime.block_on(serve(plugin, mode, environment, clock, server));
    // Operations still under way have had their time, or Terraform does not wait for them any more.
    runtime.shutdown_background();
    served
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Invocation, String> {
    let mut command = Invocation::Serve(Mode::Terraform);
    for argument in arguments {
        command = match argument.to_str() {
            Some("--debug" | "-debug") => Invocation::Serve(Mode::Debug),
            Some("--help" | "-help" | "-h") => return Ok(Invocation::Help),
            Some("--version" | "-version") => return Ok(Invocation::Version),
            _ => return Err(foreign_text::line(&argument.to_string_lossy())),
        };
    }
    Ok(command)
}

fn help(plugin: &Plugin) -> String {
    let binary = format!("terraform-provider-{}", plugin.name);
    let (version, address, variable) = (plugin.version, plugin.address, log::variable(plugin));
    let (mut usages, mut abouts) = (String::new(), String::new());
    for command in plugin.commands {
        usages += &format!("\n       {binary} {} {}", command.name, command.arguments);
        abouts += &format!("  {:<9}  {}\n", command.name, command.about);
    }
    format!(
        "{binary} {version}: the Terraform and OpenTofu provider {address}\n\n\
         Terraform starts this program by itself. Name it in required_providers of a \
         configuration and run terraform init.\n\n\
         Usage: {binary} [--debug | --help | --version]{usages}\n\n\
         {abouts}  \
         --debug    Serve until interrupted, and print the setting that makes Terraform attach\n  \
         --help     Print this text\n  \
         --version  Print the version\n\n\
         {variable}, TF_LOG_PROVIDER or TF_LOG sets what is logged: TRACE, DEBUG, INFO, WARN, \
         ERROR or OFF."
    )
}

fn print(text: &str) -> ExitCode {
    match terminal::print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot write to stdout: {error}"), 1),
    }
}

fn fail(text: &str, code: u8) -> ExitCode {
    terminal::complain(text);
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::super::plugin::testing::TOY;
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Invocation, String> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn one_dash_is_as_good_as_two_and_nothing_unknown_passes() {
        assert!(matches!(
            parsed(&[]),
            Ok(Invocation::Serve(Mode::Terraform))
        ));
        for debug in ["-debug", "--debug"] {
            assert!(matches!(
                parsed(&[debug]),
                Ok(Invocation::Serve(Mode::Debug))
            ));
        }
        assert!(matches!(
            parsed(&["--debug", "--version"]),
            Ok(Invocation::Version)
        ));
        assert!(matches!(parsed(&["-help"]), Ok(Invocation::Help)));
        assert!(parsed(&["--verbose"]).is_err_and(|unknown| unknown == "--verbose"));
    }

    #[test]
    fn the_help_names_the_plugin_and_all_its_commands() {
        let help = help(&TOY);
        for line in [
            "terraform-provider-toy 1.2.3: the Terraform and OpenTofu provider \
             registry.terraform.io/test/toy",
            "Usage: terraform-provider-toy [--debug | --help | --version]",
            "       terraform-provider-toy wind-up [--fast]",
            "  wind-up    Make the toy move",
            "  --version  Print the version",
        ] {
            assert!(help.lines().any(|other| other == line), "{line}\n{help}");
        }
        assert!(help.contains("TF_LOG_PROVIDER_TOY, "), "{help}");
    }
}
