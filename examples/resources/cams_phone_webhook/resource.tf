variable "webhook_token" {
  type      = string
  sensitive = true
}

resource "cams_phone_webhook" "support" {
  phone_number        = "8613900001234"
  up_callback_url     = "https://hooks.example.com/cams/messages?token=${var.webhook_token}"
  status_callback_url = "https://hooks.example.com/cams/statuses?token=${var.webhook_token}"
  http_flag           = true
}
