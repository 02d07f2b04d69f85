data "cams_instances" "support" {
  instance_name = "support"
  channel_type  = "whatsapp"
}

resource "cams_number_migration" "support" {
  cust_space_id = one(data.cams_instances.support.instances).cust_space_id
  country_code  = "86"
  mobile_number = "13900001234"
}
