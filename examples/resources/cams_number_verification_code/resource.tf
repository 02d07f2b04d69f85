resource "cams_number_migration" "support" {
  country_code  = "86"
  mobile_number = "13900001234"
}

resource "cams_number_verification_code" "support" {
  phone_number = cams_number_migration.support.phone_number
  method       = "sms"
  locale       = "zh_CN"

  # Another code: change a value.
  triggers = {
    attempt = "1"
  }
}
