# Shows the numbers by stage, and the next command for each stage. Terraform does not update outputs
# in an apply that failed: run `terraform apply -refresh-only` then.

locals {
  # The stage of each number, from the resources that are in the state.
  stages = {
    for number, row in local.numbers : number =>
    !contains(keys(cams_number_migration.all), number) ? "refused" :
    contains(["CONNECTED", "FLAGGED", "RESTRICTED", "RATE_LIMITED"], local.statuses[number]) ? "live" :
    contains(keys(cams_number_registration.all), number) ? "pending" :
    !contains(keys(cams_number_verification_code.all), number) ? "code not sent" :
    row.stage == "live" ? "wrong" : "code missing"
  }
  statuses = {
    for number, row in local.numbers : number => coalesce(
      try(cams_number_registration.all[number].status, null),
      try(cams_number_migration.all[number].status, null),
      "unknown",
    )
  }

  by_stage = { for number, stage in local.stages : stage => number... }
  next = {
    "refused"       = "Not started. If the last apply refused it, resolve what its error says, or set hold to yes. Then: terraform apply"
    "code not sent" = "If the last apply refused the code, resolve what its error says, or set hold to yes. Then: terraform apply"
    "code missing"  = "Put the codes into codes.tfvars, and set stage to live. Then: terraform apply -var-file=codes.tfvars"
    "wrong"         = "Not registered: the error says whether the code or something else is the reason. Correct it. Then: terraform apply -var-file=codes.tfvars. For other codes, run the command that this prints: terraform output -raw resend"
    "pending"       = "Wait, and look at the review of the display name. Then: terraform apply -refresh-only"
    "live"          = "Nothing to do."
  }
}

output "stages" {
  description = "The numbers by stage, with what to do next."
  value = {
    for stage, numbers in local.by_stage : stage => { next = local.next[stage], numbers = numbers }
  }
}

output "resend" {
  description = "A command that sends another code to each number whose code was wrong, and does nothing else."
  value = !contains(keys(local.by_stage), "wrong") ? "" : join(" ", flatten(["terraform apply", [
    for number in local.by_stage["wrong"] : [
      for option in ["target", "replace"] :
      "-${option}='cams_number_verification_code.all[\"${number}\"]'"
    ]
  ]]))
}
