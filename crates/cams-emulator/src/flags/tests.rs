use super::*;
use crate::behaviour::*;
use crate::issuance::{CredentialsUri, Expiration, Metadata, RevokedAs};
use crate::operation::Operation;

fn parse(flags: &[&str]) -> Result<Flags, clap::Error> {
    Flags::try_parse_from(["cams-emulator"].iter().chain(flags))
}

#[test]
fn the_defaults_are_those_of_the_configuration() {
    let config = parse(&[]).expect("no flag is required").into_config();
    let config = config.expect("nothing to read");
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn each_flag_for_what_is_left_open_reaches_the_configuration() {
    let flags = parse(&[
        "--missing-number=not-verified",
        "--missing-code=A",
        "--missing-status=404",
        "--migrating-listed-as=PENDING",
        "--deleted-rows=drop",
        "--list-lag=1s",
        "--lookup-lag=2s",
        "--number-form=dialled",
        "--accepted-forms=all",
        "--absent=empty",
        "--ids=number",
        "--answers=sparse",
        "--on-repeat=same",
        "--on-repeat=new-id",
        "--repeat-code=B",
        "--business-status=200",
        "--not-subscribed",
        "--deny=QueryChatappBindWaba",
        "--deny=GetChatappOpenStatus",
    ]);
    let config = flags.expect("flags").into_config();
    let expected = Behaviour {
        missing_number: MissingNumber::NotVerified,
        missing_code: "A".into(),
        missing_status: ErrorStatus::NotFound,
        migrating_listed_as: MigratingListedAs::Pending,
        deleted_rows: DeletedRows::Drop,
        list_lag: "1s".parse().expect("a duration"),
        lookup_lag: "2s".parse().expect("a duration"),
        number_form: NumberForm::Dialled,
        accepted_forms: AcceptedForms::All,
        absent: Absent::Empty,
        ids: Ids::Number,
        answers: Answers::Sparse,
        // The flag was given twice, and the last one counts.
        on_repeat: OnRepeat::NewId,
        repeat_code: "B".into(),
        business_status: ErrorStatus::Ok,
        not_subscribed: true,
        deny: vec![
            Operation::QueryChatappBindWaba,
            Operation::GetChatappOpenStatus,
        ],
    };
    assert_eq!(config.expect("nothing to read").behaviour, expected);
}

#[test]
fn other_machines_are_kept_out_unless_told() {
    let flags = parse(&["--listen", "0.0.0.0:0"]).expect("flags");
    assert!(matches!(flags.into_config(), Err(FlagError::Remote(_))));
    let flags = parse(&["--listen", "0.0.0.0:0", "--allow-remote"]).expect("flags");
    assert!(flags.into_config().is_ok());
}

#[test]
fn unreadable_values_are_refused() {
    for flags in [
        ["--quota", "10"],
        ["--latency", "5"],
        ["--window", "round"],
        ["--missing-status", "500"],
        ["--deny", "DeleteEverything"],
    ] {
        assert!(parse(&flags).is_err(), "{flags:?}");
    }
}

#[test]
fn each_flag_about_sessions_reaches_the_configuration() {
    let flags = parse(&[
        "--session-lifetime=60",
        "--expiration=absent",
        "--revoked-as=expired",
        "--role=admin",
        "--role=auditor",
        "--external-id=partner",
        "--oidc-token-file=/tmp/token",
        "--metadata=v2",
        "--metadata-delay=2s",
        "--metadata-role=instance",
        "--credentials-uri=no-code",
    ]);
    let config = flags.expect("flags").into_config();
    let expected = Issuance {
        session_lifetime: Some(60),
        expiration: Expiration::Absent,
        revoked_as: RevokedAs::Expired,
        role: vec!["admin".into(), "auditor".into()],
        external_id: Some("partner".into()),
        oidc_token_file: Some("/tmp/token".into()),
        metadata: Metadata::V2,
        metadata_delay: "2s".parse().expect("a duration"),
        metadata_role: "instance".into(),
        credentials_uri: CredentialsUri::NoCode,
    };
    assert_eq!(config.expect("nothing to read").issuance, expected);
}

#[test]
fn several_keys_are_known() {
    let flags = parse(&["--account-id=1", "--root", "--key=1:a:s", "--key=2:b:s"]);
    let config = flags.expect("flags").into_config();
    let config = config.expect("nothing to read");
    assert_eq!((&*config.account_id, config.is_root), ("1", true));
    let more: Vec<_> = config
        .more_keys
        .iter()
        .map(|key| &*key.account_id)
        .collect();
    assert_eq!(more, ["1", "2"]);
    assert!(parse(&["--key=1:a"]).is_err());
}
