//! What the chain says besides the source. `tests/it/credentials` holds its order against the
//! official library.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::credentials::CredentialsError;

const CLI: &str = r#"{
    "current": "one",
    "profiles": [
        {"name": "one", "mode": "AK", "access_key_id": "i1", "access_key_secret": "s3cr3t"},
        {"name": "sso", "mode": "EcsRamRole", "ram_role_name": "r"},
        {"name": "\u001b[31mred", "mode": "nope"},
        7
    ]
}"#;

fn found(
    configured: &Configured,
    variables: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<Source, CredentialsError> {
    let environment = variables.iter().copied().chain([("HOME", "/h")]).collect();
    resolve(configured, &environment, &fixed(files))
}

fn set(arguments: &[(&str, &str)]) -> Configured {
    arguments.iter().copied().collect()
}

fn fixed(files: &[(&str, &str)]) -> Files {
    let owned = |(path, content): &(&str, &str)| ((*path).into(), content.as_bytes().to_vec());
    let files: BTreeMap<PathBuf, Vec<u8>> = files.iter().map(owned).collect();
    Files::with(move |path| files.get(path).cloned())
}

fn described(configured: &Configured, variables: &[(&str, &str)]) -> String {
    let source = found(configured, variables, &[("/h/.aliyun/config.json", CLI)]);
    source.expect("a source").describe().to_owned()
}

#[test]
fn a_description_says_where_credentials_come_from_and_not_what_they_are() {
    let nothing = Configured::default();
    let pair = [
        ("ALICLOUD_ACCESS_KEY", "i"),
        ("ALICLOUD_SECRET_KEY", "s3cr3t"),
    ];
    assert_eq!(
        described(&nothing, &pair),
        "the environment variable ALICLOUD_ACCESS_KEY"
    );
    let profile = "profile \"one\" of ~/.aliyun/config.json, mode AK";
    assert_eq!(described(&nothing, &[]), profile);
    let role = set(&[("assume_role.role_arn", "acs:ram::1:role/r")]);
    let expected = format!("the block assume_role, with credentials from {profile}");
    assert_eq!(described(&role, &[]), expected);
    let uri = set(&[(
        "credentials_uri",
        "http://u:s3cr3t@localhost:1/s3cr3t?s3cr3t",
    )]);
    assert_eq!(
        described(&uri, &[]),
        "credentials_uri, at http://localhost:1"
    );
    let source = found(&uri, &pair[..0], &[]).expect("a source");
    assert!(!format!("{source:?}").contains("s3cr3t"), "{source:?}");
}

#[test]
fn arguments_without_effect_are_reported() {
    let configured = set(&[("profile", "one"), ("ecs_role_name", "r")]);
    let pair = [("ALICLOUD_ACCESS_KEY", "i"), ("ALICLOUD_SECRET_KEY", "s")];
    let source = found(&configured, &pair, &[]).expect("a source");
    assert_eq!(
        source.without_effect(),
        Some(
            "The provider's profile and ecs_role_name have no effect: the environment variable \
             ALICLOUD_ACCESS_KEY takes precedence."
        )
    );
    let alone = set(&[("profile", "one")]);
    let source = found(&alone, &[], &[("/h/.aliyun/config.json", CLI)]).expect("a source");
    assert_eq!(source.without_effect(), None);
}

#[test]
fn a_token_alone_in_the_environment_does_not_stop_the_chain() {
    let nothing = Configured::default();
    let token = ("ALIBABACLOUD_SECURITY_TOKEN", "s3cr3t");
    let profile = "profile \"one\" of ~/.aliyun/config.json, mode AK";
    assert_eq!(described(&nothing, &[token]), profile);
    let disabled = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let problem = found(&nothing, &[token, disabled], &[]).expect_err("a problem");
    assert!(problem.is_missing());
    let text = problem.to_string();
    assert!(
        text.contains("ALIBABACLOUD_SECURITY_TOKEN is set"),
        "{text}"
    );
    assert!(!text.contains("s3cr3t"), "{text}");
    let half = [token, ("ALIBABACLOUD_ACCESS_KEY_SECRET", "s3cr3t")];
    let problem = found(&nothing, &half, &[]).expect_err("a problem");
    assert!(!problem.is_missing());
    let text = problem.to_string();
    let named = "The environment variable ALIBABACLOUD_ACCESS_KEY_SECRET is set without its access \
        key: none of ALICLOUD_ACCESS_KEY, ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABACLOUD_ACCESS_KEY_ID, \
        ALICLOUD_ACCESS_KEY_ID is set.";
    assert!(
        text.starts_with(named) && !text.contains("s3cr3t"),
        "{text}"
    );
}

#[test]
fn a_variable_that_a_profile_takes_its_address_or_its_role_from_has_an_effect() {
    let nothing = Configured::default();
    for (mode, variable, value) in [
        (
            "CredentialsURI",
            "ALIBABA_CLOUD_CREDENTIALS_URI",
            "http://localhost:1/c",
        ),
        ("EcsRamRole", "ALIBABA_CLOUD_ECS_METADATA", "role"),
    ] {
        let file =
            format!(r#"{{"current": "x", "profiles": [{{"name": "x", "mode": "{mode}"}}]}}"#);
        let files = [("/h/.aliyun/config.json", file.as_str())];
        let source = found(&nothing, &[(variable, value)], &files).expect("a source");
        assert_eq!(source.without_effect(), None, "{mode}");
        assert!(source.describe().starts_with("profile"), "{mode}");
    }
}

#[test]
fn variables_without_effect_are_reported() {
    let said = |configured: &Configured, variables: &[(&str, &str)]| {
        let source = found(configured, variables, &[("/h/.aliyun/config.json", CLI)]);
        let source = source.expect("a source");
        source.without_effect().unwrap_or_default().to_owned()
    };
    let nothing = Configured::default();
    let profile = ("ALIBABA_CLOUD_PROFILE", "one");
    let uri = ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://localhost/s3cr3t");
    let role = ("ALICLOUD_ECS_ROLE_NAME", "r");
    let pair = [("ALICLOUD_ACCESS_KEY", "i"), ("ALICLOUD_SECRET_KEY", "s")];
    assert_eq!(
        said(&nothing, &[pair[0], pair[1], profile]),
        "The environment variable ALIBABA_CLOUD_PROFILE has no effect: the environment variable \
         ALICLOUD_ACCESS_KEY takes precedence."
    );
    assert_eq!(
        said(&nothing, &[uri, role]),
        "The environment variables ALICLOUD_ECS_ROLE_NAME and ALIBABA_CLOUD_CREDENTIALS_URI have \
         no effect: profile \"one\" of ~/.aliyun/config.json, mode AK takes precedence."
    );
    let disabled = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    assert_eq!(said(&nothing, &[role, disabled]), "");
    // An argument takes precedence over its own variables.
    let of_block = set(&[("credentials_uri", "http://localhost/")]);
    assert_eq!(said(&of_block, &[uri, profile][..1]), "");
    let of_block = set(&[("profile", "one"), ("ecs_role_name", "r")]);
    assert_eq!(
        said(&of_block, &[profile, uri]),
        "The provider's ecs_role_name has no effect: profile \"one\" of ~/.aliyun/config.json, \
         mode AK takes precedence. The environment variable ALIBABA_CLOUD_CREDENTIALS_URI has no \
         effect: profile \"one\" of ~/.aliyun/config.json, mode AK takes precedence."
    );
}

#[test]
fn an_error_names_the_attribute_the_profile_and_the_file() {
    let named = |name| set(&[("profile", name)]);
    let wrong = |configured: &Configured| {
        let problem = found(configured, &[], &[("/h/.aliyun/config.json", CLI)]);
        problem.expect_err("a problem")
    };
    let problem = wrong(&named("none"));
    assert_eq!(problem.attribute(), Some("profile"));
    assert_eq!(
        problem.to_string(),
        "The profile \"none\" was found neither in ~/.aliyun/config.json nor in \
         ~/.alibabacloud/credentials nor in ~/.alibabacloud/credentials.ini. Set profile (or \
         ALICLOUD_PROFILE, ALIBABA_CLOUD_PROFILE, ALIBABACLOUD_PROFILE) to an existing profile, or \
         remove the setting."
    );
    let problem = wrong(&named("\u{1b}[31mred")).to_string();
    assert!(
        problem.starts_with("Profile \"[31mred\" of ~/.aliyun/config.json"),
        "{problem}"
    );
    let file = set(&[("shared_credentials_file", "~/none.json")]);
    let problem = wrong(&file);
    assert_eq!(problem.attribute(), Some("shared_credentials_file"));
    assert_eq!(problem.to_string(), "The file ~/none.json does not exist.");
}

#[test]
fn a_long_chain_of_profiles_is_not_called_a_cycle() {
    let problem = |profiles: usize, last: &str| {
        let source = |number: usize| match number + 1 == profiles {
            true => last.to_owned(),
            false => format!("p{}", number + 1),
        };
        let profile = |number: usize| {
            format!(
                r#"{{"name": "p{number}", "mode": "ChainableRamRoleArn", "ram_role_arn": "a",
                "source_profile": "{}"}}"#,
                source(number)
            )
        };
        let profiles: Vec<String> = (0..profiles).map(profile).collect();
        let content = format!(
            r#"{{"profiles": [{}, {{"name": "key", "mode": "AK", "access_key_id": "i",
            "access_key_secret": "s"}}]}}"#,
            profiles.join(", ")
        );
        let files = [("/h/.aliyun/config.json", content.as_str())];
        let found = found(&set(&[("profile", "p0")]), &[], &files);
        found.err().map(|problem| problem.to_string())
    };
    // With the profile that has the key, these are 16 profiles and 17.
    assert_eq!(problem(15, "key"), None);
    assert_eq!(
        problem(16, "key").as_deref(),
        Some(
            "Profile \"key\" of ~/.aliyun/config.json comes after 16 others in a chain of profiles \
             that refer to each other through source_profile; use a shorter chain."
        )
    );
    for profiles in [1, 2, 16] {
        let text = problem(profiles, "p0").expect("a cycle");
        assert!(text.contains("refers to itself"), "{text}");
    }
}

#[test]
fn a_profile_that_is_named_and_not_filled_in_says_what_it_lacks() {
    for (fields, expected) in [
        (r#", "mode": "AK""#, "has mode AK but no access_key_id"),
        ("", "has neither a mode nor an access_key_id"),
    ] {
        let content = format!(r#"{{"profiles": [{{"name": "x"{fields}}}]}}"#);
        let files = [("/h/.aliyun/config.json", content.as_str())];
        let problem = found(&set(&[("profile", "x")]), &[], &files).expect_err("a problem");
        let text = problem.to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_profile_with_a_part_or_a_mode_that_is_not_usable_says_so() {
    let wrong = |profile: &str| {
        let content = format!(r#"{{"current": "x", "profiles": [{{"name": "x", {profile}}}]}}"#);
        let files = [("/h/.aliyun/config.json", content.as_str())];
        let problem = found(&Configured::default(), &[], &files);
        problem.expect_err("a problem").to_string()
    };
    let text = wrong(r#""mode": "AK", "access_key_id": "i j", "access_key_secret": "s""#);
    assert!(
        text.contains("mode AK, has access_key_id in a form that is not usable"),
        "{text}"
    );
    let text = wrong(r#""mode": "nope""#);
    assert!(
        text.contains("EcsRamRole, RamRoleArnWithRoleName, "),
        "{text}"
    );
}

#[test]
fn a_home_that_this_user_may_not_enter_is_no_mistake_but_worth_knowing() {
    let files = Files::failing(std::io::ErrorKind::PermissionDenied);
    let variables = |more: &[(&'static str, &'static str)]| -> Environment {
        let home = [
            ("HOME", "/root"),
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
        ];
        home.iter().chain(more).copied().collect()
    };
    let nothing = Configured::default();
    let problem = resolve(&nothing, &variables(&[]), &files).expect_err("a problem");
    assert!(problem.is_missing());
    let note = "The file ~/.aliyun/config.json cannot be read: permission denied.";
    assert!(problem.to_string().contains(note), "{problem}");
    let uri = [("ALIBABA_CLOUD_CREDENTIALS_URI", "http://localhost/")];
    assert!(resolve(&nothing, &variables(&uri), &files).is_ok());
}

#[test]
fn the_last_resort_is_marked() {
    let nothing = Configured::default();
    let source = found(&nothing, &[], &[]).expect("a source");
    assert!(source.is_last_resort() && source.is_temporary());
    assert_eq!(source.kind(), "ecs_metadata");
    let asked = [("ALIBABA_CLOUD_ECS_METADATA", "r")];
    assert!(
        !found(&nothing, &asked, &[])
            .expect("a source")
            .is_last_resort()
    );
    let elsewhere = [("CAMS_ECS_METADATA_ENDPOINT", "http://100.100.100.200")];
    let problem = found(&nothing, &elsewhere, &[]).expect_err("a problem");
    assert!(
        problem.to_string().contains("no URL of this machine"),
        "{problem}"
    );
}
