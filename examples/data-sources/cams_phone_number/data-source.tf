data "cams_phone_number" "support" {
  phone_number = "8613900001234"
}

check "support" {
  assert {
    condition     = data.cams_phone_number.support.status == "CONNECTED"
    error_message = "The support number is ${data.cams_phone_number.support.status}."
  }
}
