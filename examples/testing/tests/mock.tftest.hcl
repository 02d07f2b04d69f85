# These tests call no service: a mock takes the place of the provider. Its functions are real.

mock_provider "cams" {
  # A mock makes up every value that the provider would compute. These are what CAMS would answer.
  mock_resource "cams_number_migration" {
    defaults = {
      phone_number = "8613900001234"
      status       = "MIGRATING"
    }
  }
  mock_resource "cams_number_registration" {
    defaults = {
      status = "CONNECTED"
    }
  }
}

run "registers_the_number_that_was_started" {
  variables {
    number = "+86 139 0000 1234"
    code   = "123456"
  }

  assert {
    condition     = cams_number_migration.this.mobile_number == "13900001234"
    error_message = "The calling code is not separated from the number."
  }
  assert {
    condition     = cams_number_registration.this.phone_number == "8613900001234"
    error_message = "Another number is registered."
  }
  assert {
    condition     = output.status == "CONNECTED"
    error_message = "The output does not show the status."
  }
}

run "a_number_needs_its_calling_code" {
  command = plan

  variables {
    number = "13900001234"
  }

  expect_failures = [var.number]
}
