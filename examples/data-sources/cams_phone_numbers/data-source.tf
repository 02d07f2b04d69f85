data "cams_phone_numbers" "connected" {
  status            = "CONNECTED"
  refresh_from_meta = true
}

output "quality" {
  value = {
    for number in data.cams_phone_numbers.connected.phone_numbers :
    number.phone_number => number.quality_rating
  }
}
