terraform {
  required_providers {
    cams = {
      source  = "terraform-provider-cams/cams"
      version = "~> 0.1.0"
    }
  }
}

# This configuration takes the credentials from environment variables: ALIBABA_CLOUD_ACCESS_KEY_ID,
# ALIBABA_CLOUD_ACCESS_KEY_SECRET and, for temporary credentials, ALIBABA_CLOUD_SECURITY_TOKEN.
provider "cams" {
  cust_space_id = "cams-abc123"
}
