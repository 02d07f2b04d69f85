import {
  to = cams_phone_webhook.support
  identity = {
    cust_space_id = "cams-abc123"
    phone_number  = "8613900001234"
  }
}
