# The result is "8613900001234".
output "phone_number" {
  value = provider::cams::format_phone_number("86", "13900001234")
}
