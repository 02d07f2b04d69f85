list "cams_number_migration" "connected" {
  provider = cams

  config {
    status = "CONNECTED"
  }
}
