locals {
  numbers = {
    support = "+86 139 0000 1234"
    sales   = "+44 7700 900123"
  }
  parsed = { for name, number in local.numbers : name => provider::cams::parse_phone_number(number) }
}

resource "cams_number_migration" "all" {
  for_each      = local.parsed
  country_code  = each.value.country_code
  mobile_number = each.value.mobile_number
}
