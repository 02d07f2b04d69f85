locals {
  numbers = {
    for line in csvdecode(file("numbers.csv")) :
    line.name => provider::cams::parse_phone_number(line.phone_number)
  }
}

resource "cams_number_migration" "all" {
  for_each      = local.numbers
  country_code  = each.value.country_code
  mobile_number = each.value.mobile_number
}
