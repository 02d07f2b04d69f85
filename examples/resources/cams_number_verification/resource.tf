variable "code" {
  description = "The code that the phone received."
  type        = string
  default     = null
  ephemeral   = true
}

resource "cams_number_verification" "support" {
  phone_number           = "8613900001234"
  verify_code_wo         = var.code
  verify_code_wo_version = "1"
}
