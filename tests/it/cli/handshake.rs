//! What the CLI shows of a provider that cannot start.

use super::{ONE, Workspace};
use crate::emulator::Emulator;

#[test]
fn the_cli_shows_why_the_provider_cannot_start() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    let deep = workspace.path().join("d".repeat(120));
    let barred = workspace.path().join("|a|b|c|");
    for directory in [&deep, &barred] {
        std::fs::create_dir(directory).unwrap();
    }
    let directories = [
        ("/does/not/exist", "cannot listen on /does/not/exist"),
        (deep.to_str().unwrap(), "the system takes only about 100"),
        (barred.to_str().unwrap(), "it contains a vertical bar"),
    ];
    for (directory, reason) in directories {
        let mut plan = workspace.command(&["plan", "-no-color", "-input=false"]);
        let output = plan.env("PLUGIN_UNIX_SOCKET_DIR", directory).output();
        let run: super::Run = output.expect("the CLI runs").into();
        assert_eq!(run.code, 1, "{}", run.all());
        run.assert_says(&[reason, "set TMPDIR or PLUGIN_UNIX_SOCKET_DIR"]);
    }
}
