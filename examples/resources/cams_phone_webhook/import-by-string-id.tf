import {
  to = cams_phone_webhook.support
  id = "cams-abc123/8613900001234"
}
