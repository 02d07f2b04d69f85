# Many numbers, with a check for duplicates

# A map of strings is the fast form: Terraform plans 1,000 numbers from it in a few seconds. A set,
# such as toset([...]), takes it ten times as long, because it evaluates the set anew for each
# number.
variable "numbers" {
  description = "Numbers to move, without their country code, each under a name that stays."
  type        = map(string)

  validation {
    condition     = length(distinct(values(var.numbers))) == length(var.numbers)
    error_message = "The same number stands under more than one name."
  }
}

resource "cams_number_migration" "all" {
  for_each      = var.numbers
  country_code  = "86"
  mobile_number = each.value

  timeouts {
    create = "1h"
  }
}
