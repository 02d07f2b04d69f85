variable "codes" {
  description = "The codes that the phones received, by the name of the number."
  type        = map(string)
  default     = {}
  ephemeral   = true
}

resource "cams_number_migration" "support" {
  country_code  = "86"
  mobile_number = "13900001234"
}

resource "cams_number_registration" "support" {
  phone_number   = cams_number_migration.support.phone_number
  verify_code_wo = lookup(var.codes, "support", null)

  lifecycle {
    # Without this, a number that is not live when the wait ends is a warning.
    postcondition {
      condition     = self.status == "CONNECTED"
      error_message = "The number is ${coalesce(self.status, "not listed")}."
    }
  }
}
