action "cams_send_verification_code" "support" {
  config {
    phone_number = "8613900001234"
    method       = "voice"
  }
}
