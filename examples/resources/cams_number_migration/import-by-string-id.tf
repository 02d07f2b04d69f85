import {
  to = cams_number_migration.support
  id = "cams-abc123/86/13900001234"
}
