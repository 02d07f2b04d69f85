import {
  to = cams_number_registration.support
  id = "cams-abc123/8613900001234"
}
