//! No output shows a secret, even at the log level that shows the most.

use super::Workspace;
use crate::emulator::Emulator;

const SECRET: &str = "canary-secret-5d41402abc4b";
const TOKEN: &str = "canary-token-7c211433f02071";

#[test]
fn a_whole_life_at_trace_shows_no_secret() {
    let emulator = Emulator::start(&["--access-key-secret", SECRET, "--security-token", TOKEN]);
    for method in ["ACS3-HMAC-SHA256", "HMAC-SHA1"] {
        let main_tf = format!(
            "provider \"cams\" {{\n  signature_method = \"{method}\"\n}}\n\
             resource \"cams_number_migration\" \"one\" {{\n  country_code  = \"86\"\n  \
             mobile_number = \"1390000{}\"\n}}\n",
            if method == "HMAC-SHA1" {
                "1234"
            } else {
                "1235"
            }
        );
        let workspace = Workspace::on(&emulator, &main_tf)
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
            .env("ALIBABA_CLOUD_SECURITY_TOKEN", TOKEN)
            .env("TF_LOG", "TRACE");
        let mut printed = String::new();
        for args in [
            &["validate", "-no-color"][..],
            &["plan", "-no-color", "-out=plan.bin"],
            &["show", "-json", "plan.bin"],
            &["apply", "-no-color", "plan.bin"],
            &["plan", "-no-color"],
            &["show", "-json"],
            &["destroy", "-auto-approve", "-no-color"],
        ] {
            let run = workspace.ok(args);
            printed.push_str(&run.stdout);
            printed.push_str(&run.stderr);
        }
        assert!(printed.contains("tf_rpc"), "the provider logs");
        for secret in [SECRET, TOKEN] {
            assert!(!printed.contains(secret), "{secret} is in the output");
        }
        assert!(
            !provider_lines(&printed).any(|line| line.contains("Signature=")),
            "a signature is in the log"
        );
        let state =
            std::fs::read_to_string(workspace.path().join("terraform.tfstate")).expect("state");
        assert!(!state.contains(SECRET) && !state.contains(TOKEN));
        // Logs are kept for a long time, so they show no whole phone number.
        assert!(
            !provider_lines(&printed).any(|line| line.contains("1390000123")),
            "a whole number is in the log"
        );
    }
}

fn provider_lines(printed: &str) -> impl Iterator<Item = &str> {
    printed
        .lines()
        .filter(|line| line.contains("provider.terraform-provider-cams"))
}
