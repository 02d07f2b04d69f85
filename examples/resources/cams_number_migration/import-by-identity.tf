import {
  to = cams_number_migration.support
  identity = {
    cust_space_id = "cams-abc123"
    country_code  = "86"
    mobile_number = "13900001234"
  }
}
