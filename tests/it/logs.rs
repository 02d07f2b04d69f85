//! The log lines that the provider writes to stderr.

use serde_json::json;

use crate::core::Core;

#[tokio::test]
async fn nothing_is_logged_unless_asked_for() {
    let mut core = Core::start().await;
    core.schema().await;
    core.process().signal("TERM");
    core.process().ended().await;
    assert_eq!(core.process().stderr(), "");
}

#[tokio::test]
async fn every_line_is_one_terraform_parses_and_ours() {
    let mut core = Core::start().env("TF_LOG", "JSON").await;
    core.schema().await;
    core.process().signal("TERM");
    core.process().ended().await;
    let logs = core.logs();
    assert!(
        logs.iter()
            .any(|line| line["@message"] == "the plugin serves")
    );
    for line in &logs {
        let module = line["@module"].as_str().unwrap();
        assert!(module == "provider" || module.starts_with("sdk."), "{line}");
        assert_eq!(
            line["tf_provider_addr"],
            "registry.terraform.io/terraform-provider-cams/cams"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_attribute_names_the_attribute() {
    let mut core = Core::start().env("TF_LOG", "WARN").await;
    let config = json!({
        "cust_space_id": null, "country_code": "86", "mobile_number": "13900001234", "id": null,
        "phone_number": null, "status": null, "request_id": null,
        "timeouts": { "create": "soon", "read": null },
    });
    let diagnostics = core.validate("cams_number_migration", &config).await;
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    // The line is read by another task than the answer.
    core.process().stderr_with("Invalid Duration").await;
    let logs = core.logs();
    let line = logs
        .iter()
        .find(|line| line["diagnostic_summary"] == "Invalid Duration");
    assert_eq!(
        line.expect("a line")["diagnostic_attribute"],
        "timeouts.create"
    );
}
