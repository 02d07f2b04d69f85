# Migrates the numbers of a CSV file, wave after wave.

terraform {
  required_version = ">= 1.11"
  required_providers {
    cams = {
      source = "terraform-provider-cams/cams"
    }
  }
}

variable "numbers_file" {
  description = "CSV file with the columns number (as +86 139 0000 1234), wave, stage (start or live), hold (yes or empty) and method (sms or voice)."
  type        = string
  default     = "numbers.csv"
}

variable "wave" {
  description = "The last wave that is migrated."
  type        = number
  default     = 1
}

variable "codes" {
  description = "The codes that the phones received, by phone number, digits only. Terraform stores ephemeral values neither in the state nor in a plan."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

locals {
  rows = [
    for row in csvdecode(file(var.numbers_file)) :
    merge(row, provider::cams::parse_phone_number(row.number))
  ]
  numbers = {
    for row in local.rows : row.phone_number => row
    if tonumber(row.wave) <= var.wave && row.hold != "yes"
  }
}

# A number can be moved only into an account that Meta has approved.
data "cams_waba" "this" {
  lifecycle {
    # A failed condition is an error of the plan. Here it is one error; as a precondition of the
    # numbers it would be one for each number.
    postcondition {
      condition     = self.account_review_status == "APPROVED"
      error_message = "The WhatsApp Business Account ${self.id} is not approved, but ${self.account_review_status}."
    }
  }
}

# Step 1: start the migration. The old provider still serves the number.
resource "cams_number_migration" "all" {
  for_each      = local.numbers
  country_code  = each.value.country_code
  mobile_number = each.value.mobile_number

  lifecycle {
    precondition {
      condition     = contains(["start", "live"], each.value.stage)
      error_message = "The stage of ${each.key} is \"${each.value.stage}\". Expected \"start\" or \"live\"."
    }
  }
}

# Step 2: send a code to the phone. Terraform sends no code if a start failed in the same apply.
resource "cams_number_verification_code" "all" {
  for_each     = local.numbers
  phone_number = each.key
  method       = each.value.method

  # This waits for the starts. A reference to each start does the same, and is slow with many numbers.
  depends_on = [cams_number_migration.all]
}

# Step 3: submit the code and register the number, which is the cut-over. This depends on no other
# resource, so that nothing but its own code can fail a number. A value that is ephemeral cannot
# decide which numbers are registered. So the column stage does.
resource "cams_number_registration" "all" {
  for_each       = { for number, row in local.numbers : number => row if row.stage == "live" }
  phone_number   = each.key
  verify_code_wo = lookup(var.codes, each.key, null)
}
