# One number, from its start to CONNECTED, with the tests in the folder tests: terraform test.

terraform {
  required_version = ">= 1.11"
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}

variable "number" {
  description = "The number, such as +86 139 0000 1234."
  type        = string

  validation {
    condition     = can(provider::cams::parse_phone_number(var.number))
    error_message = "Write the number with a + and its calling code, such as +86 139 0000 1234."
  }
}

variable "code" {
  description = "The code that the phone received."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

locals {
  number = provider::cams::parse_phone_number(var.number)
}

resource "cams_number_migration" "this" {
  country_code  = local.number.country_code
  mobile_number = local.number.mobile_number
}

resource "cams_number_registration" "this" {
  phone_number   = cams_number_migration.this.phone_number
  verify_code_wo = var.code
}

output "status" {
  value = cams_number_registration.this.status
}
