# A code as soon as the migration has started
resource "cams_number_migration" "sales" {
  country_code  = "86"
  mobile_number = "13900005678"

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.cams_send_verification_code.sales]
    }
  }
}

action "cams_send_verification_code" "sales" {
  config {
    phone_number = cams_number_migration.sales.phone_number
  }
}
