//! Every way to give credentials, with the real CLI, and no way in which a secret gets out.
//!
//! This file is longer than 300 lines because each way is written out in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::{ONE, Run, Workspace};
use crate::emulator::Emulator;

const KEY_ID: &str = "emulator";
const SECRET: &str = "canary-secret-2c26b46b68ff";
const SSO_TOKEN: &str = "canary-sso-fcde2b2edba5";
const OIDC_TOKEN: &str = "canary-oidc-fcde2b2edba56bf408601fb721fe9b5c";
const URI_PASSWORD: &str = "canary-password-3fdba35f";
const PROVIDER_ARN: &str = "acs:ram::1000000000000000:oidc-provider/ci";
const ROLE_ARN: &str = "acs:ram::1000000000000000:role/terraform";

/// A way to give credentials: the provider block, the environment, files below the home directory,
/// and which source of the emulator hands out the session, if any does.
struct Way {
    name: &'static str,
    block: String,
    environment: Vec<(&'static str, String)>,
    files: Vec<(&'static str, String)>,
    issued_by: Option<&'static str>,
}

fn way(name: &'static str, issued_by: Option<&'static str>) -> Way {
    Way {
        name,
        block: String::new(),
        environment: Vec::new(),
        files: Vec::new(),
        issued_by,
    }
}

/// Every way that the guide on authentication shows.
fn ways(url: &str) -> Vec<Way> {
    let pair = |id: &str| {
        vec![
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", id.to_owned()),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET.to_owned()),
        ]
    };
    let profile = |mode: &str, more: serde_json::Value| {
        let mut profile = json!({ "name": "x", "mode": mode });
        let (Some(fields), Some(more)) = (profile.as_object_mut(), more.as_object()) else {
            panic!("objects are merged");
        };
        fields.extend(more.clone());
        let file = json!({ "current": "x", "profiles": [profile] });
        vec![(".aliyun/config.json", file.to_string())]
    };
    let key = json!({ "access_key_id": KEY_ID, "access_key_secret": SECRET });
    let role = json!({
        "access_key_id": KEY_ID, "access_key_secret": SECRET,
        "ram_role_arn": ROLE_ARN, "ram_session_name": "session",
    });
    let oidc = json!({
        "oidc_provider_arn": PROVIDER_ARN, "oidc_token_file": "HOME/token",
        "ram_role_arn": ROLE_ARN, "ram_session_name": "session",
    });
    let token = || ("token", OIDC_TOKEN.to_owned());
    let with_password = url.replace("://", &format!("://user:{URI_PASSWORD}@"));
    let uri = format!("{with_password}/_emulator/credentials-uri");
    let oidc_block = format!(
        "assume_role_with_oidc {{\n    oidc_provider_arn = \"{PROVIDER_ARN}\"\n    role_arn = \
         \"{ROLE_ARN}\"\n"
    );
    vec![
        Way {
            environment: pair(KEY_ID),
            ..way("environment", None)
        },
        Way {
            block: format!("access_key = \"{KEY_ID}\"\n  secret_key = \"{SECRET}\""),
            ..way("block", None)
        },
        Way {
            files: profile("AK", key.clone()),
            ..way("profile AK", None)
        },
        Way {
            files: profile("RamRoleArn", role),
            ..way("profile RamRoleArn", Some("AssumeRole"))
        },
        Way {
            files: [profile("OIDC", oidc), vec![token()]].concat(),
            ..way("profile OIDC", Some("AssumeRoleWithOIDC"))
        },
        Way {
            files: profile("EcsRamRole", json!({ "ram_role_name": "emulator-role" })),
            ..way("profile EcsRamRole", Some("GetMetadataCredentials"))
        },
        Way {
            files: profile("CredentialsURI", json!({ "credentials_uri": uri })),
            ..way("profile CredentialsURI", Some("GetCredentialsUri"))
        },
        Way {
            files: [
                profile(
                    "External",
                    json!({ "process_command": "HOME/program --flag" }),
                ),
                vec![("program", program())],
            ]
            .concat(),
            ..way("profile External", None)
        },
        Way {
            files: profile(
                "CloudSSO",
                json!({
                    "cloud_sso_sign_in_url": format!("{url}/start"),
                    "cloud_sso_account_id": "1000000000000000",
                    "cloud_sso_access_config": "ac-x", "access_token": SSO_TOKEN,
                    "cloud_sso_access_token_expire": 4_102_444_800_u64,
                }),
            ),
            ..way("profile CloudSSO", Some("GetCloudCredentials"))
        },
        Way {
            files: vec![(
                ".alibabacloud/credentials",
                format!(
                    "[default]\ntype = access_key\naccess_key_id = {KEY_ID}\naccess_key_secret = \
                     {SECRET}\n"
                ),
            )],
            ..way("credentials file", None)
        },
        Way {
            block: format!("assume_role {{\n    role_arn = \"{ROLE_ARN}\"\n  }}"),
            environment: pair(KEY_ID),
            ..way("assume_role", Some("AssumeRole"))
        },
        Way {
            block: format!("{oidc_block}    oidc_token = \"{OIDC_TOKEN}\"\n  }}"),
            ..way("assume_role_with_oidc, token", Some("AssumeRoleWithOIDC"))
        },
        Way {
            block: format!("{oidc_block}    oidc_token_file = \"HOME/token\"\n  }}"),
            files: vec![token()],
            ..way("assume_role_with_oidc, file", Some("AssumeRoleWithOIDC"))
        },
        Way {
            environment: vec![
                ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", PROVIDER_ARN.to_owned()),
                ("ALIBABA_CLOUD_ROLE_ARN", ROLE_ARN.to_owned()),
                ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "HOME/token".to_owned()),
            ],
            files: vec![token()],
            ..way("OIDC of the environment", Some("AssumeRoleWithOIDC"))
        },
        Way {
            block: "ecs_role_name = \"emulator-role\"".to_owned(),
            ..way("ecs_role_name", Some("GetMetadataCredentials"))
        },
        way("nothing, on an instance", Some("GetMetadataCredentials")),
        Way {
            block: format!("credentials_uri = \"{uri}\""),
            ..way("credentials_uri", Some("GetCredentialsUri"))
        },
        Way {
            environment: vec![("ALIBABA_CLOUD_CREDENTIALS_URI", uri)],
            ..way("address of the environment", Some("GetCredentialsUri"))
        },
    ]
}

/// A program that prints an access key.
fn program() -> String {
    let printed = json!({
        "mode": "AK", "access_key_id": KEY_ID, "access_key_secret": SECRET,
    });
    format!("#!/bin/sh\necho '{printed}'\n")
}

#[test]
fn every_way_leads_to_a_migration_and_no_secret_gets_out() {
    // Most of the time of a first call is spent waiting, so that several may be made at once.
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let emulator = Emulator::start(&["--access-key-secret", SECRET]);
                    let mut ways = ways(emulator.url()).into_iter();
                    match ways.nth(next.fetch_add(1, Ordering::Relaxed)) {
                        Some(way) => leads_to_a_migration(&emulator, &way),
                        None => return,
                    }
                }
            });
        }
    });
}

#[test]
fn a_key_with_a_line_break_is_taken_without_it_and_the_log_says_so() {
    let emulator = Emulator::start(&["--access-key-secret", SECRET]);
    let key = Way {
        environment: vec![
            ("ALICLOUD_ACCESS_KEY_ID", format!("{KEY_ID} ")),
            ("ALICLOUD_ACCESS_KEY_SECRET", format!("{SECRET}\r\n")),
        ],
        ..way("the names of the CLI", None)
    };
    let run = workspace(&emulator, &key).env("TF_LOG", "INFO").apply();
    run.assert_says(&[
        "1 added",
        "the environment variable ALICLOUD_ACCESS_KEY_ID has blanks or line breaks around",
        "the environment variable ALICLOUD_ACCESS_KEY_SECRET has blanks or line breaks around",
    ]);
    assert!(!run.all().contains(SECRET), "{}", run.all());

    let block = Way {
        block: format!("access_key = \"{KEY_ID}\\n\"\n  secret_key = \" {SECRET}\""),
        ..way("block", None)
    };
    let run = workspace(&emulator, &block).env("TF_LOG", "INFO").apply();
    run.assert_says(&["secret_key of the provider block has blanks or line breaks around"]);
}

#[test]
fn an_empty_role_in_a_pod_is_not_assumed_after_that_of_the_pod() {
    let emulator = Emulator::start(&["--access-key-secret", SECRET]);
    let pod = Way {
        block: "assume_role {\n    role_arn = \"\"\n  }".to_owned(),
        environment: vec![
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", PROVIDER_ARN.to_owned()),
            ("ALIBABA_CLOUD_ROLE_ARN", ROLE_ARN.to_owned()),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "HOME/token".to_owned()),
        ],
        files: vec![("token", OIDC_TOKEN.to_owned())],
        ..way("a pod", None)
    };
    workspace(&emulator, &pod).apply().assert_says(&["1 added"]);
    assert_eq!(emulator.count("AssumeRoleWithOIDC"), 1);
    assert_eq!(emulator.count("AssumeRole"), 0);
}

fn leads_to_a_migration(emulator: &Emulator, way: &Way) {
    let printed = a_whole_life(emulator, way);
    let issued_by = emulator.all_requests().into_iter().find_map(|request| {
        let issued = !request["issued_key_id"].is_null();
        issued.then(|| request["action"].as_str().unwrap_or_default().to_owned())
    });
    assert_eq!(issued_by.as_deref(), way.issued_by, "{}", way.name);
    let tokens = ["CAIS", "SecurityToken="];
    let secrets = [SECRET, SSO_TOKEN, OIDC_TOKEN, URI_PASSWORD];
    for secret in secrets.iter().chain(&tokens) {
        let lines: Vec<&str> = printed
            .lines()
            .filter(|line| line.contains(secret))
            .collect();
        assert!(lines.is_empty(), "{}: {secret}: {lines:#?}", way.name);
    }
    assert!(printed.contains("credentials come from"), "{}", way.name);
}

/// Everything that the CLI prints and stores at its most talkative, from a plan to a destroy.
fn a_whole_life(emulator: &Emulator, way: &Way) -> String {
    let workspace = workspace(emulator, way);
    let mut printed = String::new();
    for args in [
        &["plan", "-no-color", "-out=plan.bin"][..],
        &["show", "-json", "plan.bin"],
        &["apply", "-no-color", "plan.bin"],
        &["plan", "-no-color", "-detailed-exitcode"],
        &["show", "-json"],
        &["destroy", "-auto-approve", "-no-color"],
    ] {
        let run = workspace.run(args);
        let Run { stdout, stderr, .. } = &run;
        assert_eq!(run.code, 0, "{}: {args:?}:\n{}", way.name, run.all());
        printed.push_str(&without_configuration(stdout));
        printed.push_str(stderr);
    }
    let state = workspace.path().join("terraform.tfstate.backup");
    printed.push_str(&fs::read_to_string(state).expect("a state"));
    printed
}

/// The output without the configuration, which `show -json` of a plan quotes as it was written:
/// Terraform itself puts it there, and advises variables for secrets.
fn without_configuration(stdout: &str) -> String {
    let Ok(mut shown) = serde_json::from_str::<serde_json::Value>(stdout) else {
        return stdout.to_owned();
    };
    shown["configuration"] = serde_json::Value::Null;
    shown.to_string()
}

fn workspace(emulator: &Emulator, way: &Way) -> Workspace {
    let main_tf = format!("provider \"cams\" {{\n  {}\n}}\n{ONE}", way.block);
    let mut workspace = Workspace::new("")
        .env("CAMS_ENDPOINT", emulator.url())
        .env("CAMS_CUST_SPACE_ID", "cams-test")
        .env("CAMS_ECS_METADATA_ENDPOINT", emulator.url())
        .env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "false")
        .env("TF_LOG", "TRACE");
    let home = workspace.path().display().to_string();
    let at_home = |text: &str| text.replace("HOME", &home);
    workspace.configure(&at_home(&main_tf));
    for (name, text) in &way.files {
        let path = workspace.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(&path, at_home(text)).expect("a file");
        make_executable(&path);
    }
    for (name, value) in &way.environment {
        workspace = workspace.env(name, &at_home(value));
    }
    workspace
}

fn make_executable(path: &Path) {
    let permissions = fs::Permissions::from_mode(0o700);
    fs::set_permissions(path, permissions).expect("permissions");
}
