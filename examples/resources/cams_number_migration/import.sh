# CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER
terraform import cams_number_migration.support cams-abc123/86/13900001234

# CUST_SPACE_ID/PHONE_NUMBER
terraform import cams_number_migration.support cams-abc123/8613900001234
