//! What reaches stderr.

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
