# Many numbers from a list, with a check for duplicates

variable "numbers" {
  description = "Numbers to move, as country code and number."
  type        = list(object({ country_code = string, mobile_number = string }))

  validation {
    condition = length(distinct(var.numbers)) == length(var.numbers)
    error_message = format("These numbers are listed more than once: %s.", join(", ", distinct([
      for number in var.numbers : "+${number.country_code} ${number.mobile_number}"
      if length([for other in var.numbers : other if other == number]) > 1
    ])))
  }
}

resource "cams_number_migration" "all" {
  for_each      = { for number in var.numbers : "${number.country_code}-${number.mobile_number}" => number }
  country_code  = each.value.country_code
  mobile_number = each.value.mobile_number

  timeouts {
    create = "1h"
  }
}
