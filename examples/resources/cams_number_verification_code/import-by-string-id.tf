import {
  to = cams_number_verification_code.support
  id = "cams-abc123/8613900001234"
}
