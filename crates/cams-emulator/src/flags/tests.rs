use super::*;

/// The settings without any flag.
impl Default for Flags {
    fn default() -> Self {
        Self::parse_from(["cams-emulator"])
    }
}

fn parse(flags: &[&str]) -> Result<Flags, clap::Error> {
    Flags::try_parse_from(["cams-emulator"].iter().chain(flags))
}

#[test]
fn no_flag_is_required() {
    assert!(parse(&[]).is_ok());
}

#[test]
fn the_last_value_of_a_flag_counts_and_some_flags_add_up() {
    let flags = [
        "--on-repeat=same",
        "--on-repeat=new-id",
        "--role=a",
        "--role=b",
    ];
    let config = parse(&flags).expect("flags");
    assert_eq!(format!("{:?}", config.behaviour.on_repeat), "NewId");
    assert_eq!(config.issuance.role, ["a", "b"]);
}

#[test]
fn unreadable_values_are_refused() {
    for flags in [
        ["--listen", "0.0.0.0:0"],
        ["--quota", "10"],
        ["--latency", "5"],
        ["--window", "round"],
        ["--missing-status", "500"],
        ["--deny", "DeleteEverything"],
        ["--faults", "/nonexistent"],
    ] {
        assert!(parse(&flags).is_err(), "{flags:?}");
    }
}

#[test]
fn several_keys_are_known() {
    let flags = ["--account-id=1", "--key=1:a:s", "--key=2:b:s"];
    let account = parse(&flags).expect("flags").account;
    assert_eq!(account.more_keys.len(), 2);
    assert!(parse(&["--key=1:a"]).is_err());
}
