//! Secrets that are written in the configuration, and wrong: Terraform prints the line that an
//! error points to.

use super::{ONE, Workspace};

const CANARY: &str = "canary5d41402abc4b";

/// What is in the provider block, and what the error has to name.
const WRONG: [(&str, &str); 12] = [
    ("secret_key = \"CANARY with blanks\"", "secret_key"),
    ("secret_key = \"CANARY\"", "access_key"),
    (
        "access_key = \"key\"\nsecret_key = \"CANARY\\u0007\"",
        "secret_key",
    ),
    ("security_token = \"CANARY with blanks\"", "security_token"),
    ("security_token = \"CANARY\"", "access_key"),
    (
        "credentials_uri = \"ftp://user:CANARY@localhost/\"",
        "credentials_uri",
    ),
    (
        "assume_role_with_oidc {\noidc_token = \"CANARY with blanks\"\n}",
        "oidc_token",
    ),
    (
        "assume_role_with_oidc { oidc_token = \"CANARY with blanks\" }",
        "oidc_token",
    ),
    (
        "assume_role_with_oidc {\noidc_token = \"CANARY\"\noidc_token_file = \"/dev/null\"\n}",
        "oidc_token",
    ),
    (
        "throttle { redis_url = \"http://:CANARY@localhost\" }",
        "redis_url",
    ),
    (
        "throttle {\nredis_url = \"http://:CANARY@localhost\"\n}",
        "redis_url",
    ),
    (
        "throttle {\nredis_url = \"redis://:CANARY@localhost\"\n}",
        "redis_url",
    ),
];

#[test]
fn an_error_about_a_secret_names_it_and_does_not_show_its_line() {
    for (wrong, named) in WRONG {
        let wrong = wrong.replace("CANARY", CANARY);
        let provider = format!("provider \"cams\" {{\n{wrong}\n}}\n{ONE}");
        let workspace = Workspace::new(&provider).env("CAMS_CUST_SPACE_ID", "cams-test");
        for command in [
            &["plan", "-no-color", "-input=false"][..],
            &["apply", "-auto-approve", "-json", "-input=false"],
        ] {
            let run = workspace.fails(command);
            run.assert_says(&[named]);
            assert!(!run.all().contains(CANARY), "{wrong}:\n{}", run.all());
        }
    }
}
