# Many numbers, with a check for duplicates

# Use a map of strings: Terraform plans 1,000 numbers from a map in a few seconds. With a set, such
# as toset([...]), the plan takes ten times as long, because Terraform evaluates the set again for
# each number.
variable "numbers" {
  description = "The numbers to migrate, without country code. Each key is a permanent name for its number."
  type        = map(string)

  validation {
    condition     = length(distinct(values(var.numbers))) == length(var.numbers)
    error_message = "The same number appears under more than one name."
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
