//! What the CLI prints where the quota cannot be shared.

use serde_json::json;

use super::output;
use crate::emulator::Emulator;

/// A quota that cannot be shared costs time. A warning says why, and what to do.
#[test]
fn a_quota_that_is_not_shared_is_told_with_the_plan_and_with_the_apply() {
    let emulator = Emulator::start(&[]);
    for (variables, name) in [
        (
            &[("CAMS_THROTTLE_STATE_DIRECTORY", "/dev/null")][..],
            "quota-without-directory",
        ),
        (
            &[
                ("CAMS_THROTTLE_SCOPE", "redis"),
                ("CAMS_THROTTLE_REDIS_URL", "redis://:s3cr3t@127.0.0.1:9"),
            ],
            "quota-without-redis",
        ),
    ] {
        let mut workspace = output::in_state(&emulator, 1);
        for (variable, value) in variables {
            workspace = workspace.env(variable, value);
        }
        let plan = workspace.ok(&output::PLAN);
        assert_eq!(output::times(&plan, "Warning: Call Quota Not Shared"), 1);
        assert_eq!(output::times(&plan, "s3cr3t"), 0);
        workspace.configure(&super::many::numbers(2));
        let apply = workspace.ok(&[
            "apply",
            "-refresh=false",
            "-auto-approve",
            "-no-color",
            "-parallelism=1",
        ]);
        assert_eq!(output::times(&apply, "Warning: Call Quota Not Shared"), 1);
        output::assert_prints(&workspace, &plan, name);
    }
}

/// The key of a session has one user, so a quota that is counted for it is not the account's.
#[test]
fn an_account_that_is_not_known_is_told_where_others_may_use_it() {
    let emulator = Emulator::start(&[]);
    let refusal = json!({
        "kind": "business_error", "code": "ServiceUnavailable", "status": 503,
        "action": "GetCallerIdentity", "times": "always",
    });
    emulator.control("POST", "faults", Some(refusal));
    for (variables, warnings) in [
        (&[][..], 0),
        (&[("ALIBABA_CLOUD_SECURITY_TOKEN", "token-of-a-session")], 1),
        (
            &[
                ("ALIBABA_CLOUD_SECURITY_TOKEN", "token-of-a-session"),
                ("ALIBABA_CLOUD_ACCOUNT_ID", "1000000000000000"),
            ],
            0,
        ),
    ] {
        let mut workspace = output::in_state(&emulator, 1);
        for (variable, value) in variables {
            workspace = workspace.env(variable, value);
        }
        let plan = workspace.ok(&output::PLAN);
        assert_eq!(output::times(&plan, "Warning: Account Not Known"), warnings);
        if warnings > 0 {
            output::assert_prints(&workspace, &plan, "account-not-known");
        }
    }
}
