import {
  to = cams_number_verification.support
  id = "cams-abc123/8613900001234"
}
