output "accounts" {
  description = "Each account with each of its roles: on what, and why."
  value = concat(
    [
      for grant in local._grants : {
        account = local.emails[grant.function]
        reason  = grant.reason
        resource = grant.on == "jobs" ? "each runner job" : (
          "${grant.on} ${local._targets[grant.on][grant.name]}"
        )
        role = grant.role
      }
    ],
    [
      for name, function in var.functions : {
        account  = local.emails[name]
        reason   = "answers without any right in the project"
        resource = "nothing"
        role     = "none"
      } if length(function.roles) == 0
    ],
  )
}

output "emails" {
  description = "Service accounts: function => address, once it exists."
  value       = local.emails

  depends_on = [google_service_account.default]
}

output "services" {
  description = "Cloud Run services: function => name, once it exists."
  value       = { for name, service in google_cloud_run_v2_service.default : name => service.name }
}

output "uris" {
  description = "Addresses of the functions that Scheduler calls: function => https address."
  value = {
    for name, service in google_cloud_run_v2_service.default : name => service.uri
    if local.scheduled[name]
  }
}
