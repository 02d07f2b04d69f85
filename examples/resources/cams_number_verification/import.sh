# CUST_SPACE_ID/PHONE_NUMBER
terraform import cams_number_verification.support cams-abc123/8613900001234
