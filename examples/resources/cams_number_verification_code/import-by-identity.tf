import {
  to = cams_number_verification_code.support
  identity = {
    cust_space_id = "cams-abc123"
    phone_number  = "8613900001234"
  }
}
