# CUST_SPACE_ID/PHONE_NUMBER
terraform import cams_phone_webhook.support cams-abc123/8613900001234
