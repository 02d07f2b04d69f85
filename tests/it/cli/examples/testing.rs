//! `examples/testing`: its tests pass, with a mock and with the emulator.

use super::{can_read, copy};
use crate::cli::Workspace;
use crate::emulator::Emulator;

#[test]
fn the_tests_of_the_example_pass() {
    if !can_read("examples/testing") {
        return;
    }
    let emulator = Emulator::start(&["--arrives-verified"]);
    let workspace = Workspace::on(&emulator, "");
    copy(&workspace, "testing");
    let mock = ["test", "-no-color", "-filter=tests/mock.tftest.hcl"];
    workspace.ok(&mock).assert_says(&["2 passed, 0 failed"]);
    assert_eq!(emulator.requests().len(), 0, "a mock calls no service");
    let real = ["test", "-no-color", "-filter=tests/emulator.tftest.hcl"];
    workspace.ok(&real).assert_says(&["1 passed, 0 failed"]);
    assert_eq!(emulator.count("ChatappMigrationRegister"), 1);
}
