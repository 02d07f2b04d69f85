# This test runs the real provider against an emulator of CAMS, in which numbers arrive verified, so
# that no code is needed:
#   cargo run --bin cams-emulator -- --listen 127.0.0.1:8080 --arrives-verified
#   export CAMS_ENDPOINT=http://127.0.0.1:8080 CAMS_CUST_SPACE_ID=cams-test
#   export ALIBABA_CLOUD_ACCESS_KEY_ID=emulator ALIBABA_CLOUD_ACCESS_KEY_SECRET=emulator-secret

run "takes_the_number_to_connected" {
  variables {
    number = "+86 139 0000 1234"
    # A test has to set an ephemeral variable that is used. An empty text counts as no code.
    code = ""
  }

  assert {
    condition     = output.status == "CONNECTED"
    error_message = "The number is ${output.status}."
  }
}
