list "cams_number_registration" "live" {
  provider         = cams
  include_resource = true
}
