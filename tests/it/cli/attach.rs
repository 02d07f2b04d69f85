//! A CLI that attaches to a provider which was started by hand, as one does for a debugger.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{ONE, Workspace};
use crate::emulator::Emulator;
use crate::support::{self, PROVIDER, signal};

#[test]
fn the_printed_setting_makes_the_cli_attach() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    // A provider that is started by hand takes its settings from its own environment.
    let environment = workspace.command(&[]);
    let environment = environment.get_envs();
    let environment = environment.filter_map(|(name, value)| Some((name, value?)));
    let mut provider = support::command(PROVIDER)
        .arg("--debug")
        .env_clear()
        .envs(environment)
        .env("TMPDIR", workspace.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(provider.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let setting = line
        .trim_end()
        .strip_prefix("export TF_REATTACH_PROVIDERS='")
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or_else(|| panic!("not a setting: {line}"));

    // Without the override the CLI has no other provider to start.
    workspace.write("cli.tfrc", "");
    let workspace = workspace.env("TF_REATTACH_PROVIDERS", setting);
    workspace.ok(&["init", "-no-color"]);
    workspace
        .apply()
        .assert_says(&["1 added, 0 changed, 0 destroyed"]);
    workspace.assert_no_changes();
    signal("INT", provider.id());
    assert!(provider.wait().unwrap().success());
}
