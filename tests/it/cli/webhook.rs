//! The webhook of a number, from its start to its end.

use super::Workspace;
use crate::emulator::Emulator;

const WEBHOOK: &str = r#"
resource "cams_phone_webhook" "one" {
  phone_number        = "8613900001234"
  up_callback_url     = "https://hooks.example.com/up?token=s3cr3t"
  status_callback_url = "https://hooks.example.com/status"
  http_flag           = true
}
"#;

#[test]
fn a_webhook_is_set_once_imported_and_turned_off() {
    for flags in [&[][..], &["--webhook-listed=shown"]] {
        let emulator = Emulator::start(flags);
        emulator.place("cams-test", "86", "13900001234", "CONNECTED");
        let workspace = Workspace::on(&emulator, WEBHOOK);
        workspace.apply();
        workspace.apply();
        workspace.assert_no_changes();
        assert_eq!(emulator.count("UpdatePhoneWebhook"), 1);
        workspace.ok(&["state", "rm", "cams_phone_webhook.one"]);
        workspace.ok(&[
            "import",
            "-no-color",
            "cams_phone_webhook.one",
            "cams-test/8613900001234",
        ]);
        workspace.apply();
        workspace.assert_no_changes();
        workspace
            .ok(&["apply", "-destroy", "-auto-approve", "-no-color"])
            .assert_says(&["Deliveries Will Stop"]);
        let number = emulator.control("GET", "numbers", None)[0].clone();
        assert_eq!(
            (&number["http_flag"], &number["queue_flag"]),
            (&"N".into(), &"N".into())
        );
        assert_eq!(
            number["status_callback_url"],
            "https://hooks.example.com/status"
        );
    }
}
