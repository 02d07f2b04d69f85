data "cams_waba" "this" {}

resource "cams_number_migration" "support" {
  country_code  = "86"
  mobile_number = "13900001234"

  lifecycle {
    precondition {
      condition     = data.cams_waba.this.account_review_status == "APPROVED"
      error_message = "Meta has not approved the WABA of the space."
    }
  }
}
