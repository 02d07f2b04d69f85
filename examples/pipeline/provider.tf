# The provider for the runners of a pipeline. This folder has what examples/bulk needs beside its own
# files. The state has to be in a backend that locks it and that all runners reach.

provider "cams" {
  # The variables ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN and the token are set by
  # the job. A wave can take longer than the default session.
  assume_role_with_oidc {
    session_expiration = 7200
  }

  # All runners share the account's quota. The address is in CAMS_THROTTLE_REDIS_URL.
  throttle {
    scope = "redis"
  }
}
