resource "cams_number_migration" "support" {
  country_code  = "86"
  mobile_number = "13900001234"
}
